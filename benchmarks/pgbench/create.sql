-- The service's rows of a new event: topics are locked, then the event is inserted with its revision, external id, search
-- row and place in the feed.
BEGIN;
SELECT id FROM topic WHERE id = ANY(:topics) ORDER BY id FOR KEY SHARE;
WITH identity AS MATERIALIZED (
    SELECT uuidv7() AS id
), written AS (
    INSERT INTO event (id, version, record_state, event_type, status, verification, parties, affected, jurisdictions,
                       topics, tags, publishers, currencies, labels, dates, figures, title_key, date_earliest, date_latest,
                       announced_earliest, created_at, updated_at, content_changed_at, document)
    SELECT id, 1, 'active', 'dialogue', 'planned', 'single_source', '{EU,JP}', '{CN}', '{CN,EU,JP}', :topics::text[],
           '{}', '{}', '{}', :labels::text[], '[]', '[]', 'a title', '2024-04-01', '2024-04-01', '2024-04-01', now(),
           now(), now(), :document::bytea
      FROM identity
 RETURNING *
), revision AS (
    INSERT INTO event_revision (id, version, record_state, event_type, status, verification, parties, affected,
                                jurisdictions, topics, tags, publishers, currencies, labels, dates, figures, title_key,
                                date_earliest, date_latest, announced_earliest, created_at, updated_at,
                                content_changed_at, document)
    SELECT id, version, record_state, event_type, status, verification, parties, affected, jurisdictions, topics, tags,
           publishers, currencies, labels, dates, figures, title_key, date_earliest, date_latest, announced_earliest,
           created_at, updated_at, content_changed_at, document
      FROM written
), external AS (
    INSERT INTO event_external_id (scheme, value, event_id)
    SELECT 'benchmark', id::text, id
      FROM identity
), search AS (
    INSERT INTO event_search (event_id, month, bucket, day, length, words, tsv, facets, date_earliest, date_latest)
    SELECT id, 24291, get_byte(uuid_send(id), 15) & 63, '2024-04-01', length(tsv), length(tsv), tsv, :facets::text[],
           '2024-04-01', '2024-04-01'
      FROM identity
     CROSS JOIN (SELECT :tsv::text::tsvector) AS document (tsv)
)
INSERT INTO outbox (event_id, version, kind, occurred_at)
SELECT id, version, 'create', created_at FROM written;
COMMIT;
