-- The words of events. An active event has one row here, beside the wide one that holds its document; both are written
-- in one transaction. How the words come about is written in service/search/analysis.py, so the rows of events that are
-- there already are made by `policytrail index`.

CREATE EXTENSION IF NOT EXISTS btree_gin;

-- No foreign key: the application writes and deletes both rows, and asking for the other one cost a tenth of a write.
CREATE TABLE event_search (
    event_id uuid PRIMARY KEY,
    month    integer NOT NULL,             -- of the main date: 12 times the year, and the month from 0; 0 without one
    -- squawk-ignore prefer-bigint-over-smallint
    bucket   smallint NOT NULL,            -- one of 64, by the event's id
    day      date NOT NULL,                -- by which lists are sorted, newest first; -infinity without one
    length   integer NOT NULL,             -- words that count, titles and summaries as often as they do
    words    integer NOT NULL,             -- words that count, each once
    tsv      tsvector STORAGE EXTERNAL NOT NULL, -- a large one is read by ranking more than it would shrink
    written  xid8 NOT NULL DEFAULT pg_current_xact_id()
-- A row of up to a page stays in one piece: to rank 5,000 texts of 300 words took 120 ms where each was fetched for every
-- word from where PostgreSQL puts what is over 2 kB, and takes 27 ms.
) WITH (toast_tuple_target = 8160);

-- One index, so that words meet the newest months, or some of the buckets, before any row is read. What is written waits
-- in its list of what is pending, which the worker empties every few seconds, else whoever makes it longer than 4 MB: at
-- once it took 0.5 ms of a write of 60 words and 1.3 ms of one of 300, so 0.1 ms; 1,000 rows there take 0.3 ms of a search.
CREATE INDEX event_search_by_words ON event_search USING gin (month, bucket, tsv);

-- Rows as they were before an update, kept for an hour: who pages through a ranking goes on in what he began with.
CREATE TABLE event_search_past (
    LIKE event_search INCLUDING DEFAULTS INCLUDING STORAGE,
    ended    xid8 NOT NULL DEFAULT pg_current_xact_id(),
    ended_at timestamptz NOT NULL DEFAULT now()
) WITH (toast_tuple_target = 8160);
CREATE INDEX event_search_past_by_end ON event_search_past (ended);
CREATE INDEX event_search_past_by_age ON event_search_past (ended_at);

-- Configurations by which some event was analysed. Several rows may name one: nobody waits for another to name it first.
CREATE TABLE search_language (configuration text NOT NULL);

CREATE AGGREGATE tsvector_joined (tsvector) (sfunc = tsvector_concat, stype = tsvector, initcond = '');
