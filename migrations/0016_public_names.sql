-- The name under which readers see the versions that a key wrote. The name of a key is for admins, and the public one is
-- given on purpose: no key has one from before.
ALTER TABLE api_key ADD COLUMN public_name text;
