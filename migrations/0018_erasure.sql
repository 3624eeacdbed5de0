-- Entries of an erased event: number and id are left, and every follower is told to drop the event, whatever his filter.
ALTER TABLE feed ADD COLUMN erased boolean NOT NULL DEFAULT FALSE;

-- Erasures so far. Where the number changes, what a process keeps in memory may be of an event that was erased.
ALTER TABLE feed_head ADD COLUMN erasures bigint NOT NULL DEFAULT 0;
