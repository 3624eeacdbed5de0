-- What the HTTP contract needs: evidence and relations that can be looked up, titles that are found when they are nearly
-- the same, and answers kept for a request that is sent again.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX event_by_title_words ON event USING gin (title_key gin_trgm_ops) WHERE record_state = 'active';

-- Where an event's sources stand, so that two events with one source find each other.
CREATE TABLE event_source (
    event_id uuid NOT NULL REFERENCES event (id),
    url_key  text NOT NULL,
    PRIMARY KEY (event_id, url_key)
);
CREATE INDEX event_source_by_url ON event_source (url_key);

-- The relations whose other end is an event, so that it can show the inverse.
CREATE TABLE event_relation (
    event_id  uuid NOT NULL REFERENCES event (id),
    type      text NOT NULL,
    target_id uuid NOT NULL REFERENCES event (id),
    note      text,
    PRIMARY KEY (event_id, type, target_id)
);
CREATE INDEX event_relation_by_target ON event_relation (target_id);

-- Answers to requests with an Idempotency-Key, kept for a day.
CREATE TABLE idempotent_answer (
    key_id      uuid NOT NULL,
    request     text NOT NULL,             -- method and path
    token       text NOT NULL,
    fingerprint bytea NOT NULL,            -- SHA-256 of the body
    asked_at    timestamptz NOT NULL,
    status      integer,
    headers     jsonb,
    body        bytea,
    PRIMARY KEY (key_id, request, token)
);
CREATE INDEX idempotent_answer_by_age ON idempotent_answer (asked_at);
