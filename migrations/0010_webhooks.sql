-- Who is to be told of changes, and what was told to whom.

CREATE TABLE subscription (
    id               uuid PRIMARY KEY,
    key_id           uuid NOT NULL REFERENCES api_key (id),
    shard            integer NOT NULL,
    version          integer NOT NULL,
    url              text NOT NULL,
    filter           jsonb,                -- as it was written: a query string or an object; null for every event
    kinds            text[] NOT NULL,
    payload          text NOT NULL CHECK (payload IN ('thin', 'full')),
    description      text,
    paused           boolean NOT NULL,
    rate_limit       integer,              -- deliveries a minute
    ordered          boolean NOT NULL,
    handshake        text NOT NULL CHECK (handshake IN ('none', 'pending', 'passed')),
    since_seq        bigint NOT NULL,      -- nothing up to here is sent
    secret           bytea NOT NULL,       -- sealed; the one before it signs as well until former_until
    former_secret    bytea,
    former_until     timestamptz,
    disabled_at      timestamptz,
    disabled_reason  text,
    failing_since    timestamptz,
    failing_attempts integer NOT NULL DEFAULT 0,
    notices          jsonb NOT NULL DEFAULT '[]',
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    deleted_at       timestamptz,
    CHECK ((former_secret IS NULL) = (former_until IS NULL)),
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
    CHECK (disabled_at IS NULL OR paused)
);
CREATE INDEX subscription_by_key ON subscription (key_id, id) WHERE deleted_at IS NULL;

-- One change for one subscription. No foreign key: it would lock the subscription's row for each; rows are made from a
-- join with it, and go before it does.
CREATE TABLE delivery (
    subscription_id uuid NOT NULL,
    seq             bigint NOT NULL,
    id              uuid NOT NULL DEFAULT uuidv7(),   -- the webhook-id of every attempt
    event_id        uuid NOT NULL,
    kind            text NOT NULL,         -- what the change is to this subscription: `leave` where its filter held before
    state           text NOT NULL CHECK (state IN ('pending', 'delivered', 'failed', 'skipped')),
    again           boolean NOT NULL,      -- was tried, or is sent once more: behind what was not
    step            integer NOT NULL,     -- attempts since the schedule began
    attempts        integer NOT NULL,
    due_at          timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    PRIMARY KEY (subscription_id, seq)
);
-- Each row is written twice at least. What that leaves in the index below lies where the next one is looked for.
ALTER TABLE delivery SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX delivery_due ON delivery (subscription_id, again, due_at, seq) WHERE state = 'pending';
CREATE INDEX delivery_undelivered ON delivery (subscription_id, seq) WHERE state IN ('failed', 'skipped');

CREATE TABLE attempt (
    subscription_id uuid NOT NULL,
    seq             bigint NOT NULL,
    number          integer NOT NULL,
    began_at        timestamptz NOT NULL,
    ms              integer NOT NULL,
    outcome         text NOT NULL,
    status          integer,
    headers         jsonb,
    answer          bytea,                 -- its first 16 kB
    PRIMARY KEY (subscription_id, seq, number)
);

-- A test that was asked for, and what came back.
CREATE TABLE ping (
    id              uuid PRIMARY KEY,
    subscription_id uuid NOT NULL REFERENCES subscription (id),
    asked_at        timestamptz NOT NULL,
    began_at        timestamptz,
    ms              integer,
    outcome         text,
    status          integer,
    headers         jsonb,
    answer          bytea
);
CREATE INDEX ping_due ON ping (asked_at) WHERE outcome IS NULL;

-- Deliveries that are to be sent once more, and how far that has come.
CREATE TABLE recovery (
    id              uuid PRIMARY KEY,
    subscription_id uuid NOT NULL REFERENCES subscription (id),
    since           timestamptz NOT NULL,
    asked_at        timestamptz NOT NULL,
    last_seq        bigint NOT NULL,
    recovered       bigint NOT NULL,
    ended_at        timestamptz
);
CREATE INDEX recovery_due ON recovery (asked_at) WHERE ended_at IS NULL;

-- Every subscription belongs to one of 64 shards, and every shard to one worker at a time: who takes it over raises its
-- epoch, and what the one before still has to say is refused by it.
CREATE TABLE delivery_shard (
    shard        integer PRIMARY KEY,
    epoch        bigint NOT NULL,
    worker_id    uuid,
    leased_until timestamptz NOT NULL
);
INSERT INTO delivery_shard (shard, epoch, leased_until) SELECT generate_series(0, 63), 0, '-infinity';

CREATE TABLE delivery_worker (
    id         uuid PRIMARY KEY,
    started_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    measured   jsonb NOT NULL
);
