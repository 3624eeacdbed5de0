-- The service's query for one event. As text, because pgbench cannot ask for the bytes in binary, and as hex digits they
-- would be twice as many.
\set number random(1, :rows)
SELECT version, record_state, convert_from(document, 'UTF8'), merged_into
  FROM event
 WHERE id = ('01900000-0000-7000-8000-' || lpad(to_hex(:number::bigint), 12, '0'))::uuid;
