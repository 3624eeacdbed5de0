-- What is offered while a word is typed, beside titles: the labels of topics and the names of participants; and every
-- word of the events as it is spelt, by which a word is corrected that finds little. All are kept up behind the writes,
-- by a follower of the change feed. `folded` and `words` are without case and accents.

CREATE TABLE topic_label (
    topic_id text NOT NULL,
    label    text NOT NULL,
    version  integer NOT NULL,             -- of the topic whose label it is
    folded   text COLLATE "C" NOT NULL,
    words    tsvector NOT NULL,
    PRIMARY KEY (topic_id, label)
);
CREATE INDEX topic_label_by_words ON topic_label USING gin (words);

CREATE TABLE participant_name (
    name   text COLLATE "C" PRIMARY KEY,
    uses   integer NOT NULL,               -- events that name it
    folded text COLLATE "C" NOT NULL,
    words  tsvector NOT NULL
);
CREATE INDEX participant_name_by_words ON participant_name USING gin (words);

CREATE TABLE vocabulary (
    word   text COLLATE "C" PRIMARY KEY,
    events integer NOT NULL,               -- in which it stands
    folded text COLLATE "C" NOT NULL
);
CREATE INDEX vocabulary_by_likeness ON vocabulary USING gin (folded gin_trgm_ops);

-- It begins with the first entry, so that it meets what was there before.
INSERT INTO feed_cursor (name, seq) SELECT 'names', floor FROM feed_head;
