-- Imports in bulk: what became of each, and by which row each event came, so that a row that comes again is known at once.

CREATE TABLE import (
    id          uuid PRIMARY KEY,
    key_id      uuid,                                -- null where nobody needed one, as on the command line
    name        text,                                -- of the file
    format      text NOT NULL,
    mode        text NOT NULL CHECK (mode IN ('partial', 'atomic')),
    dry_run     boolean NOT NULL,
    state       text NOT NULL CHECK (state IN ('running', 'done', 'failed', 'interrupted')),
    reason      text,                                -- why it failed or was interrupted
    created_at  timestamptz NOT NULL,
    beat_at     timestamptz NOT NULL,                -- when it last said that it is running
    finished_at timestamptz,
    line        bigint NOT NULL DEFAULT 0,           -- the last one that is done, and all before it
    bytes_read  bigint NOT NULL DEFAULT 0,           -- of the file, unpacked, up to there
    created     bigint NOT NULL DEFAULT 0,
    updated     bigint NOT NULL DEFAULT 0,
    unchanged   bigint NOT NULL DEFAULT 0,
    refused     bigint NOT NULL DEFAULT 0,
    errors      bigint NOT NULL DEFAULT 0,           -- found; kept are the first of them
    topics      text[] NOT NULL DEFAULT '{}',        -- that were made for records that were restored
    token       text,                                -- an Idempotency-Key
    fingerprint bytea                                -- of what was sent with it
);
CREATE INDEX import_by_token ON import (key_id, token) WHERE token IS NOT NULL;
CREATE UNIQUE INDEX import_running_by_token ON import (key_id, token) WHERE token IS NOT NULL AND state = 'running';

CREATE TABLE import_error (
    import_id uuid NOT NULL REFERENCES import (id) ON DELETE CASCADE,
    line      bigint NOT NULL,
    place     integer NOT NULL,                      -- among the errors of that line
    pointer   text,
    "column"  text,
    detail    text NOT NULL,
    PRIMARY KEY (import_id, line, place)
);

-- The row that made a version: where event and version are still the same, and the digest of the row as well, nothing is
-- to be done. No foreign key, which would cost as much as the row: an event is never taken away.
CREATE TABLE import_mark (
    event_id uuid PRIMARY KEY,
    version  integer NOT NULL,
    digest   bytea NOT NULL
);

-- A record that another service exported may relate to an event that is not here: one that was deleted or merged there,
-- or that comes later. An event that is here is never taken away.
-- squawk-ignore ban-drop-constraint
ALTER TABLE event_relation DROP CONSTRAINT event_relation_target_id_fkey;
