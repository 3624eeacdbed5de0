-- Synonyms that searches are expanded with. Acronyms are collected by a follower of the change feed from the texts of
-- events; topics give their labels, and the operator gives a file. Keys are folded words without a plural `s`.

CREATE TABLE acronym (
    short_key  text COLLATE "C" NOT NULL,
    phrase_key text COLLATE "C" NOT NULL,
    lang       text NOT NULL,              -- of the texts; empty if they name none
    short      text NOT NULL,              -- as the first event spells it
    phrase     text NOT NULL,
    events     integer NOT NULL,           -- that explain it
    titles     integer NOT NULL,           -- of these, those that do so in a title or name
    ordinary   integer NOT NULL DEFAULT 0, -- events that have `short` as an ordinary word, without capitals
    PRIMARY KEY (short_key, phrase_key, lang)
);
CREATE INDEX acronym_by_phrase ON acronym (phrase_key);

CREATE TABLE synonym (
    key    text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,      -- `topic:` and its id, or `file`
    other  text NOT NULL,                  -- found as well; empty if the operator wants no synonyms of `key`
    PRIMARY KEY (key, source, other)
);
CREATE INDEX synonym_by_source ON synonym (source);

-- The versions of topics whose labels are among the synonyms.
CREATE TABLE synonym_topic (
    topic_id text PRIMARY KEY,
    version  integer NOT NULL
);

-- It begins with the first entry, so that it meets what was there before.
INSERT INTO feed_cursor (name, seq) SELECT 'synonyms', floor FROM feed_head;
