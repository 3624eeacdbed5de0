-- What an event counts as, beside its words: `facets` is found by the index as well, so that words, codes and buckets
-- meet in it before any row is read; `counted` is what nobody looks for. With the main date they spare most searches a
-- look at the wide row of the event. Written with the words, by the application.

ALTER TABLE event_search
    ADD COLUMN facets text[] NOT NULL DEFAULT '{}',
    ADD COLUMN counted text[] NOT NULL DEFAULT '{}',
    ADD COLUMN date_earliest date,
    ADD COLUMN date_latest date;

-- squawk-ignore require-concurrent-index-deletion
DROP INDEX event_search_by_words;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX event_search_by_words ON event_search USING gin (month, bucket, tsv, facets);
