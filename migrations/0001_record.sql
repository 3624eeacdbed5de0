-- The record: events as the bytes that are served, beside the columns that filters and sorts need.
-- Arrays of codes are found by one GIN index; every sort has a btree that ends in the id, so that a page starts where
-- the last one ended. Missing dates sort last in both directions, hence two expressions.

CREATE TABLE topic (
    id         text PRIMARY KEY,
    version    integer NOT NULL,
    broader    text[] NOT NULL,
    document   bytea NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE api_key (
    id         uuid PRIMARY KEY,
    name       text NOT NULL,
    prefix     text NOT NULL,
    digest     bytea NOT NULL,
    scopes     text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT api_key_digest_unique UNIQUE (digest)
);

CREATE TABLE event (
    id                 uuid PRIMARY KEY,
    version            integer NOT NULL,
    record_state       text NOT NULL CHECK (record_state IN ('active', 'deleted', 'merged')),
    merged_into        uuid,
    event_type         text NOT NULL,
    status             text,
    parties            text[] NOT NULL,
    affected           text[] NOT NULL,
    jurisdictions      text[] NOT NULL,
    topics             text[] NOT NULL,
    tags               text[] NOT NULL,
    title_key          text COLLATE "C" NOT NULL,
    date_earliest      date,
    date_latest        date,
    announced_earliest date,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    content_changed_at timestamptz NOT NULL,
    document           bytea NOT NULL,
    CHECK ((record_state = 'merged') = (merged_into IS NOT NULL))
);

CREATE INDEX event_by_date_ascending ON event (coalesce(date_earliest, 'infinity'), id) WHERE record_state = 'active';
CREATE INDEX event_by_date_descending ON event (coalesce(date_earliest, '-infinity'), id) WHERE record_state = 'active';
CREATE INDEX event_by_announced_ascending ON event (coalesce(announced_earliest, 'infinity'), id) WHERE record_state = 'active';
CREATE INDEX event_by_announced_descending ON event (coalesce(announced_earliest, '-infinity'), id) WHERE record_state = 'active';
CREATE INDEX event_by_title ON event (title_key, id) WHERE record_state = 'active';
CREATE INDEX event_by_created ON event (created_at, id) WHERE record_state = 'active';
CREATE INDEX event_by_updated ON event (updated_at, id) WHERE record_state = 'active';
CREATE INDEX event_by_label ON event USING gin (topics, parties, jurisdictions, affected, tags) WHERE record_state = 'active';

-- Every version with the columns of its time, so that a list as of an earlier instant is asked for as one of today is.
-- A deletion is a version with an empty document.
CREATE TABLE event_revision (
    LIKE event,
    key_id      uuid,
    change_kind text,
    reason      text,
    PRIMARY KEY (id, version),
    FOREIGN KEY (id) REFERENCES event (id)
);

CREATE TABLE event_external_id (
    scheme   text NOT NULL,
    value    text NOT NULL,
    event_id uuid NOT NULL REFERENCES event (id),
    CONSTRAINT event_external_id_unique PRIMARY KEY (scheme, value)
);
CREATE INDEX event_external_id_by_event ON event_external_id (event_id);
