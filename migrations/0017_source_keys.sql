-- The keys of sources in `event_source` and in `labels` are made of addresses by new rules, which only the application
-- knows. This table has the events whose keys are still those of the former rules; `policytrail migrate` empties it, after
-- this file, in short transactions. Until then such an event has its former keys.

CREATE TABLE event_to_reindex (
    event_id uuid PRIMARY KEY
);

INSERT INTO event_to_reindex (event_id) SELECT id FROM event;
