-- When a key was last used, to the minute, so that one nobody needs any more can be told from the others.

ALTER TABLE api_key ADD COLUMN last_used_at timestamptz;
