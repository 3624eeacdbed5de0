-- A figure has a `value_max`, null without a range. The application adds it to the stored figures, as responses have every
-- key; see 0017_source_keys.sql.

INSERT INTO event_to_reindex (event_id)
SELECT DISTINCT id FROM event_revision WHERE figures <> '[]'
    ON CONFLICT DO NOTHING;
