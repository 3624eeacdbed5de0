-- The change feed: every version that was committed, numbered without gaps in an order that readers can trust. A write
-- leaves a row in the outbox; whoever sequences moves it to the feed with the next number, after it was committed.

CREATE TABLE outbox (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,   -- in the order of writing, per event that of versions
    event_id    uuid NOT NULL,
    version     integer NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('create', 'update', 'delete', 'merge')),
    changed     text[],                    -- top-level fields that differ from the version before; null without one
    change_kind text,
    key_id      uuid,
    merged_into uuid,
    occurred_at timestamptz NOT NULL
);
-- Emptied as fast as it is filled: what it leaves behind is cleaned up before it is in the way.
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

-- The documents stand in event_revision, under event_id and version.
CREATE TABLE feed (
    seq         bigint PRIMARY KEY,
    event_id    uuid NOT NULL,
    version     integer NOT NULL,
    kind        text NOT NULL,
    changed     text[],
    change_kind text,
    key_id      uuid,
    merged_into uuid,
    occurred_at timestamptz NOT NULL
);

-- One row: the last number given, and the last one that is no longer kept. The generation is another one where numbers
-- may have been given twice, as after a restore; `place` says where they were given last.
CREATE TABLE feed_head (
    one        boolean PRIMARY KEY DEFAULT TRUE CHECK (one),
    generation uuid NOT NULL,
    seq        bigint NOT NULL,
    floor      bigint NOT NULL,
    place      text
);

-- How far those of our own have come that follow the feed.
CREATE TABLE feed_cursor (
    name text PRIMARY KEY,
    seq  bigint NOT NULL
);

-- What was written before there was a feed, in its order. Two machines' clocks may differ; an event's versions do not.
WITH revision AS (
    SELECT now.*,
           CASE now.record_state WHEN 'deleted' THEN 'delete'
                                 WHEN 'merged' THEN 'merge'
                                 ELSE CASE now.version WHEN 1 THEN 'create' ELSE 'update' END
            END AS kind,
           max(now.updated_at) OVER (PARTITION BY now.id ORDER BY now.version) AS written_at,
           before.document AS document_before
      FROM event_revision AS now
      LEFT JOIN event_revision AS before ON before.id = now.id AND before.version = now.version - 1
)
INSERT INTO feed (seq, event_id, version, kind, changed, change_kind, key_id, merged_into, occurred_at)
SELECT row_number() OVER (ORDER BY written_at, id, version), id, version, kind,
       CASE WHEN kind IN ('update', 'merge')
            THEN ARRAY(SELECT name
                         FROM jsonb_each(convert_from(document, 'UTF8')::jsonb) AS said (name, value)
                        WHERE value IS DISTINCT FROM convert_from(document_before, 'UTF8')::jsonb -> name
                          AND name <> ALL ('{version,updated_at,content_changed_at,change}')
                        ORDER BY name COLLATE "C")
        END,
       change_kind, key_id, merged_into, updated_at
  FROM revision;

INSERT INTO feed_head (generation, seq, floor)
SELECT gen_random_uuid(), coalesce(max(seq), 0), 0 FROM feed;

INSERT INTO feed_cursor (name, seq) SELECT 'matcher', seq FROM feed_head;
