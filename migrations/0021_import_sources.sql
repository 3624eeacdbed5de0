-- The rows of a tracker from which a mapping made the last imported record of an event. Where the same rows come again with
-- the same mapping, and the event is still as they left it, nothing is to be mapped. `row_digest` is that of the record:
-- a later import of another row makes it differ from the one in `import_mark`. No foreign key, as for `import_mark`.
CREATE TABLE import_source (
    event_id   uuid PRIMARY KEY,
    digest     bytea NOT NULL,
    row_digest bytea NOT NULL
);

CREATE INDEX import_source_digest ON import_source (digest);
