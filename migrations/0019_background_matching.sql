-- The subscriptions that the matcher matches itself, from the change after `after` on. The background matcher, which
-- follows it, has the others. No foreign key: it would lock the subscription's row.
CREATE TABLE prompt_subscription (
    subscription_id uuid PRIMARY KEY,
    after           bigint NOT NULL
);
INSERT INTO feed_cursor (name, seq) SELECT 'background', seq FROM feed_cursor WHERE name = 'matcher';
