-- The identity of a write, beside the number that the feed gives it. A failover that loses entries gives their numbers to
-- other writes, and a recovery to a point in time gives a write another number; the identity stays. Rows from before have
-- none; generation and number stand for it.
ALTER TABLE outbox ADD COLUMN change_id uuid;
ALTER TABLE outbox ALTER COLUMN change_id SET DEFAULT gen_random_uuid();
ALTER TABLE feed ADD COLUMN change_id uuid;
