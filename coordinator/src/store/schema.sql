-- The coordinator's database. Steps under migrations/ arrive exactly here.
--
-- Three kinds of rows: the raw journals (chains, records), which are the agents' signed word; views, which are folds of
-- those records and can be thrown away; and the coordinator's own (statements, hosts, tokens, orders, people, sessions).
-- Ids and hashes are blobs as they are, times are milliseconds since the Unix epoch, structured values are JSON.

-- ── the coordinator's own ──────────────────────────────────────────────────────────────────────────────────────────

-- Every fleet statement from version 1, as signed.
CREATE TABLE statements (
    version   INTEGER PRIMARY KEY,
    signed    TEXT NOT NULL
) STRICT;

-- The members of the fleet. What a member shows at the door brings its row back after a wipe.
CREATE TABLE hosts (
    id            INTEGER PRIMARY KEY,
    agent         BLOB NOT NULL UNIQUE,
    binding       TEXT NOT NULL,
    name          TEXT NOT NULL,
    tags          TEXT NOT NULL,
    credential    TEXT NOT NULL,
    joined_at     INTEGER NOT NULL,
    -- The highest order number that the agent is known to have seen or was sent.
    last_number   INTEGER NOT NULL DEFAULT 0,
    -- The last time it was connected, as far as it was written down.
    last_seen     INTEGER,
    -- Something that only a person can resolve, as JSON.
    trouble       TEXT
) STRICT;

CREATE TABLE tokens (
    token       BLOB PRIMARY KEY,
    signed      TEXT NOT NULL,
    made_by     TEXT NOT NULL,
    made_at     INTEGER NOT NULL,
    revoked_at  INTEGER
) STRICT;

-- One row per agent that redeemed a token, however often it did.
CREATE TABLE token_uses (
    token   BLOB NOT NULL REFERENCES tokens (token),
    agent   BLOB NOT NULL,
    name    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (token, agent)
) STRICT, WITHOUT ROWID;

-- Wishes for a host. A number is given when it is sent; its answer is in receipts.
CREATE TABLE orders (
    id            BLOB PRIMARY KEY,
    host          INTEGER NOT NULL REFERENCES hosts (id),
    signed        TEXT NOT NULL,
    action        TEXT NOT NULL,
    person        TEXT NOT NULL,
    issued_at     INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    made_at       INTEGER NOT NULL,
    number        INTEGER,
    sent_at       INTEGER,
    withdrawn_at  INTEGER
) STRICT;
CREATE INDEX orders_of_host ON orders (host, made_at);
CREATE INDEX orders_waiting ON orders (host) WHERE number IS NULL AND withdrawn_at IS NULL;

-- ── the raw journals ───────────────────────────────────────────────────────────────────────────────────────────────

-- One row per epoch of a host's journal, with the last head that its agent signed.
CREATE TABLE chains (
    id              INTEGER PRIMARY KEY,
    host            INTEGER NOT NULL REFERENCES hosts (id),
    epoch           INTEGER NOT NULL,
    previous_epoch  INTEGER,
    previous_hash   BLOB,
    seq             INTEGER NOT NULL,
    hash            BLOB NOT NULL,
    signature       BLOB NOT NULL,
    verified_at     INTEGER NOT NULL,
    UNIQUE (host, epoch)
) STRICT;

-- Records as the agents hashed them. place = chain << 40 | seq, so that one tree holds every chain in order.
CREATE TABLE records (
    place      INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    -- NULL when it was dropped; then body_hash stands for it.
    body       BLOB,
    body_hash  BLOB,
    -- The chain's hash after this record.
    hash       BLOB NOT NULL
) STRICT;

-- ── views: folds of the records ────────────────────────────────────────────────────────────────────────────────────

-- Written for every record, so without foreign keys: the folds know their hosts.

CREATE TABLE view_facts (
    host   INTEGER PRIMARY KEY,
    facts  TEXT NOT NULL,
    at     INTEGER NOT NULL
) STRICT;

CREATE TABLE view_plans (
    host      INTEGER PRIMARY KEY,
    revision  INTEGER NOT NULL,
    plan      TEXT NOT NULL,
    changed   TEXT NOT NULL,
    at        INTEGER NOT NULL
) STRICT;

-- The secrets that a host holds, each with the box that the fleet's recovery key opens.
CREATE TABLE view_secrets (
    host      INTEGER NOT NULL,
    slot      TEXT NOT NULL,
    revision  INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    recovery  BLOB NOT NULL,
    box       BLOB NOT NULL,
    PRIMARY KEY (host, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE view_repositories (
    host        INTEGER NOT NULL,
    repository  TEXT NOT NULL,
    readiness   TEXT NOT NULL,
    reason      TEXT,
    restic_id   TEXT,
    checked_at  INTEGER NOT NULL,
    PRIMARY KEY (host, repository)
) STRICT, WITHOUT ROWID;

CREATE TABLE view_numbers (
    host        INTEGER NOT NULL,
    repository  TEXT NOT NULL,
    at          INTEGER NOT NULL,
    numbers     TEXT NOT NULL,
    PRIMARY KEY (host, repository, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE view_snapshots (
    host        INTEGER NOT NULL,
    repository  TEXT NOT NULL,
    id          TEXT NOT NULL,
    time        INTEGER NOT NULL,
    backup      TEXT,
    size_bytes  INTEGER,
    snapshot    TEXT NOT NULL,
    PRIMARY KEY (host, repository, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX view_snapshots_by_time ON view_snapshots (host, time);
-- Covers what the fleet page counts and adds up.
CREATE INDEX view_snapshots_by_group ON view_snapshots (host, repository, backup, time, size_bytes);

CREATE TABLE view_jobs (
    host         INTEGER NOT NULL,
    job          BLOB NOT NULL,
    kind         TEXT NOT NULL,
    repository   TEXT NOT NULL,
    backup       TEXT,
    origin       TEXT NOT NULL,
    state        TEXT NOT NULL,
    reason       TEXT,
    numbers      TEXT,
    queued_at    INTEGER NOT NULL,
    started_at   INTEGER,
    finished_at  INTEGER,
    log_lines    INTEGER,
    PRIMARY KEY (host, job)
) STRICT, WITHOUT ROWID;
-- What is not over yet: few rows at any time.
CREATE INDEX view_jobs_active ON view_jobs (host) WHERE finished_at IS NULL;
CREATE INDEX view_jobs_backups ON view_jobs (host, finished_at) WHERE kind = 'backup' AND finished_at IS NOT NULL;

-- Where a job's log is among the records.
CREATE TABLE view_log_chunks (
    host     INTEGER NOT NULL,
    job      BLOB NOT NULL,
    chunk    INTEGER NOT NULL,
    place    INTEGER NOT NULL,
    PRIMARY KEY (host, job, chunk)
) STRICT, WITHOUT ROWID;

CREATE TABLE view_receipts (
    host     INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    "order"  BLOB NOT NULL,
    outcome  TEXT NOT NULL,
    action   TEXT,
    person   TEXT,
    at       INTEGER NOT NULL,
    PRIMARY KEY (host, "order")
) STRICT, WITHOUT ROWID;

-- ── people ─────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE people (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE COLLATE NOCASE,
    -- PHC string, Argon2id.
    password     TEXT NOT NULL,
    role         TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    disabled_at  INTEGER,
    created_at   INTEGER NOT NULL
) STRICT;

-- Sessions by the SHA-256 of what their cookie holds.
CREATE TABLE sessions (
    key         BLOB PRIMARY KEY,
    person      INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    created_at  INTEGER NOT NULL,
    used_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- While nobody exists: the SHA-256 of the token that lets the first person in.
CREATE TABLE bootstrap (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    token  BLOB NOT NULL
) STRICT;
