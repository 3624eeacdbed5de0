-- What the service does to keep a new event: see that its topics exist, insert it with its revision and external id.
BEGIN;
SELECT id FROM topic WHERE id = ANY(:topics) ORDER BY id FOR KEY SHARE;
WITH given AS MATERIALIZED (
    SELECT uuidv7() AS id
), written AS (
    INSERT INTO event (id, version, record_state, event_type, status, parties, affected, jurisdictions, topics, tags,
                       title_key, date_earliest, date_latest, announced_earliest, created_at, updated_at,
                       content_changed_at, document)
    SELECT id, 1, 'active', 'dialogue', 'planned', '{EU,JP}', '{CN}', '{CN,EU,JP}', :topics::text[], '{}',
           'a title', '2024-04-01', '2024-04-01', '2024-04-01', now(), now(), now(), :document::bytea
      FROM given
 RETURNING *
), external AS (
    INSERT INTO event_external_id (scheme, value, event_id)
    SELECT 'benchmark', id::text, id
      FROM given
)
INSERT INTO event_revision SELECT written.*, NULL, NULL, NULL FROM written;
COMMIT;
