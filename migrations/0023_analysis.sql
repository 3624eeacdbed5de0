-- The version of the rules by which the words of an event became lexemes: 0 by PostgreSQL, 1 and more by the application,
-- which alone knows them (service/search/text). Rows of earlier versions stay, and keep their facets; words do not find
-- them. `policytrail migrate` makes them anew after this file, in short transactions.
ALTER TABLE event_search
    -- squawk-ignore prefer-bigint-over-smallint
    ADD COLUMN analysis smallint NOT NULL DEFAULT 0;

-- tsvector_joined of 0008 stays: the former version of the application writes with it until its last process has ended.
