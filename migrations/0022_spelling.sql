-- Words are kept by language, so that none is corrected to one of another language; and every value of a facet with its
-- number of events, names of participants among them. Both follow the change feed, as the tables did that they replace.

-- squawk-ignore ban-drop-table
DROP TABLE participant_name, vocabulary;

CREATE TABLE vocabulary (
    word     text COLLATE "C" NOT NULL,
    lang     text COLLATE "C" NOT NULL,    -- of the texts, '' if it is unknown
    events   integer NOT NULL,             -- in which it stands
    -- An update of `events` alone writes no index, so they have this column instead.
    frequent boolean NOT NULL GENERATED ALWAYS AS (events >= 16) STORED,
    folded   text COLLATE "C" NOT NULL,
    PRIMARY KEY (word, lang)
);
CREATE INDEX vocabulary_by_folded ON vocabulary (folded);
CREATE INDEX vocabulary_frequent ON vocabulary (folded) WHERE frequent;
CREATE INDEX vocabulary_by_likeness ON vocabulary USING gin (folded gin_trgm_ops);

CREATE TABLE facet_value (
    facet    text COLLATE "C" NOT NULL,
    value    text COLLATE "C" NOT NULL,
    events   integer NOT NULL,             -- that have it
    frequent boolean NOT NULL GENERATED ALWAYS AS (events >= 16) STORED,
    folded   text COLLATE "C" NOT NULL,
    words    tsvector NOT NULL,            -- of a name; the ids of a set of topics; none of a code, which has labels
    PRIMARY KEY (facet, value)
);
CREATE INDEX facet_value_by_words ON facet_value USING gin (facet, words);
CREATE INDEX facet_value_frequent ON facet_value USING gin (facet, words) WHERE frequent;
CREATE INDEX facet_value_by_name ON facet_value (folded) WHERE facet = 'participant';

-- The events whose words and values are not counted yet, in the version before the entries that the follower has still to
-- read: the versions after it are counted by them. No foreign key: the row of an event that is deleted by then is skipped.
CREATE TABLE event_to_suggest (
    event_id uuid PRIMARY KEY,
    version  integer NOT NULL
);
WITH moved AS (
    UPDATE feed_cursor SET seq = feed_head.seq FROM feed_head WHERE name = 'names'
)
INSERT INTO event_to_suggest (event_id, version)
SELECT event.id, coalesce(min(outbox.version) - 1, event.version)
  FROM event
  LEFT JOIN outbox ON outbox.event_id = event.id
 GROUP BY event.id
HAVING coalesce(min(outbox.version) - 1, event.version) > 0;
