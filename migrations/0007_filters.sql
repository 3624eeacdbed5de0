-- What the filter language looks at, beside what sorts and the first filters needed.
--
-- `labels` holds what is found by one word, each behind a prefix: type, status, verification, instrument, lang, source
-- (the digest of an address), id, to (an event it is related to), date (a kind, and a kind with each year it may be in),
-- measure, unit and value (of a figure; its digits before the point, and those with its currency or unit), month (in
-- which the main date begins) and beyond (the same, of a main date that may be later than that month).
-- `dates` and `figures` hold what is asked of one date or one figure as a whole.

ALTER TABLE event
    ADD COLUMN verification text,
    ADD COLUMN publishers text[] NOT NULL DEFAULT '{}',
    ADD COLUMN currencies text[] NOT NULL DEFAULT '{}',
    ADD COLUMN labels text[] NOT NULL DEFAULT '{}',
    ADD COLUMN dates jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN figures jsonb NOT NULL DEFAULT '[]';
ALTER TABLE event_revision
    ADD COLUMN verification text,
    ADD COLUMN publishers text[] NOT NULL DEFAULT '{}',
    ADD COLUMN currencies text[] NOT NULL DEFAULT '{}',
    ADD COLUMN labels text[] NOT NULL DEFAULT '{}',
    ADD COLUMN dates jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN figures jsonb NOT NULL DEFAULT '[]';

-- What each stored document says of itself. The address of a source is made comparable by the application: each version
-- gets the addresses that its event has today.
CREATE FUNCTION pg_temp.found_by(record jsonb, event uuid, earliest date, latest date,
                                 OUT verification text, OUT publishers text[], OUT currencies text[], OUT labels text[], OUT dates jsonb, OUT figures jsonb)
LANGUAGE sql STABLE AS $$
    SELECT record ->> 'verification',
           ARRAY(SELECT DISTINCT source ->> 'publisher'
                   FROM jsonb_array_elements(record -> 'sources') AS source
                  WHERE source ->> 'publisher' IS NOT NULL),
           ARRAY(SELECT DISTINCT figure ->> 'currency'
                   FROM jsonb_array_elements(record -> 'figures') AS figure
                  WHERE figure ->> 'currency' IS NOT NULL),
           ARRAY(SELECT 'type:' || (record ->> 'event_type')
                  UNION SELECT 'verification:' || (record ->> 'verification')
                  UNION SELECT 'status:' || (record ->> 'status') WHERE record ->> 'status' IS NOT NULL
                  UNION SELECT 'instrument:' || instrument
                          FROM jsonb_array_elements_text(record -> 'instruments') AS instrument
                  UNION SELECT 'lang:' || array_to_string((string_to_array(lower(record ->> 'lang'), '-'))[:part], '-')
                          FROM generate_series(1, cardinality(string_to_array(record ->> 'lang', '-'))) AS part
                  UNION SELECT 'source:' || left(encode(sha256(convert_to(url_key, 'UTF8')), 'hex'), 32)
                          FROM event_source WHERE event_id = event
                  UNION SELECT 'id:' || (external ->> 'scheme') || ':' || id
                          FROM jsonb_array_elements(record -> 'external_ids') AS external
                         CROSS JOIN LATERAL unnest(ARRAY[external ->> 'value', '*']) AS id
                  UNION SELECT 'to:' || (relation ->> 'event')
                          FROM jsonb_array_elements(record -> 'relations') AS relation
                         WHERE relation ->> 'event' IS NOT NULL
                  UNION SELECT 'month:' || coalesce(to_char(earliest, 'YYYY-MM'), 'none')
                  UNION SELECT 'beyond:' || to_char(earliest, 'YYYY-MM')
                         WHERE date_trunc('month', earliest) < coalesce(latest, 'infinity')
                           AND to_char(earliest, 'YYYY-MM') IS DISTINCT FROM to_char(latest, 'YYYY-MM')
                  UNION SELECT 'date:' || (entry ->> 'kind') FROM jsonb_array_elements(record -> 'dates') AS entry
                  UNION SELECT 'date:' || (entry ->> 'kind') || ':'
                               || CASE WHEN last - first < 5 THEN to_char(year, 'FM0000') ELSE '*' END
                          FROM jsonb_array_elements(record -> 'dates') AS entry
                         CROSS JOIN LATERAL (SELECT left(entry ->> 'earliest', 4)::integer AS first,
                                                    left(entry ->> 'latest', 4)::integer AS last) AS span
                         CROSS JOIN LATERAL generate_series(0, CASE WHEN last - first < 5 THEN last - first ELSE 0 END)
                                            AS more
                         CROSS JOIN LATERAL (SELECT first + more AS year) AS one
                  UNION SELECT 'measure:' || (figure ->> 'measure')
                          FROM jsonb_array_elements(record -> 'figures') AS figure
                  UNION SELECT 'value:' || CASE WHEN amount = 0 THEN '0'
                                                ELSE CASE WHEN amount < 0 THEN '-' ELSE '+' END
                                                     || CASE WHEN abs(amount) < 1 THEN 0
                                                             ELSE length(trunc(abs(amount))::text) END
                                                END || counted_in
                          FROM jsonb_array_elements(record -> 'figures') AS figure
                         CROSS JOIN LATERAL (SELECT (figure ->> 'value')::numeric AS amount) AS exact
                         CROSS JOIN LATERAL (SELECT '' AS counted_in
                                             UNION SELECT ':' || coalesce(figure ->> 'currency', figure ->> 'unit')
                                                    WHERE coalesce(figure ->> 'currency', figure ->> 'unit') IS NOT NULL
                                            ) AS unit
                  UNION SELECT 'unit:' || (figure ->> 'unit')
                          FROM jsonb_array_elements(record -> 'figures') AS figure
                         WHERE figure ->> 'unit' IS NOT NULL),
           coalesce((SELECT jsonb_agg(jsonb_build_object('kind', entry -> 'kind', 'earliest', entry -> 'earliest',
                                                         'latest', entry -> 'latest'))
                       FROM jsonb_array_elements(record -> 'dates') AS entry), '[]'),
           coalesce((SELECT jsonb_agg(jsonb_build_object('measure', figure -> 'measure', 'currency', figure -> 'currency',
                                                         'unit', figure -> 'unit', 'comparator', figure -> 'comparator',
                                                         'period', figure -> 'period',
                                                         'value_type', figure -> 'value_type',
                                                         'value', (figure ->> 'value')::numeric))
                       FROM jsonb_array_elements(record -> 'figures') AS figure), '[]')
$$;

UPDATE event
   SET (verification, publishers, currencies, labels, dates, figures)
     = (SELECT * FROM pg_temp.found_by(convert_from(document, 'UTF8')::jsonb, id, date_earliest, date_latest))
 WHERE document <> '';
UPDATE event_revision
   SET (verification, publishers, currencies, labels, dates, figures)
     = (SELECT * FROM pg_temp.found_by(convert_from(document, 'UTF8')::jsonb, id, date_earliest, date_latest))
 WHERE document <> '';

-- squawk-ignore require-concurrent-index-deletion
DROP INDEX event_by_label;

-- One index for all that is found by a word, so that several such conditions meet in it before any row is read. What is
-- written goes into it at once, 0.1 ms of a write: a list of what is pending would be searched by every reader.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX event_by_label ON event
 USING gin (topics, parties, jurisdictions, affected, tags, publishers, currencies, labels)
  WITH (fastupdate = off)
 WHERE record_state = 'active';

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX event_by_main_date ON event
 USING gist ((CASE WHEN date_earliest IS NULL AND date_latest IS NULL THEN 'empty'::daterange
                   ELSE daterange(date_earliest, date_latest, '[]') END))
 WHERE record_state = 'active';

-- Of a partial index no statistics are used, and without them a hundredth of all is taken to lie in any period.
CREATE STATISTICS event_main_date
    ON (CASE WHEN date_earliest IS NULL AND date_latest IS NULL THEN 'empty'::daterange
             ELSE daterange(date_earliest, date_latest, '[]') END)
  FROM event;

-- Likely duplicates are found by labels of the month as well.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX event_by_coarse_date;
