-- The agent's database, as it is made. The truth: a migration must arrive exactly here.
-- Times are milliseconds since the Unix epoch, UTC. Ids of jobs are the 16 bytes of their UUID. JSON columns hold the
-- wire's own types. No secret stands in clear anywhere.

-- Whose database this is.
CREATE TABLE agent (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id  BLOB NOT NULL CHECK (length(id) = 32)
) STRICT;

-- The journal's epochs. All records belong to one; new ones to the highest.
CREATE TABLE epoch (
    epoch          INTEGER PRIMARY KEY CHECK (epoch >= 1),
    previous_epoch INTEGER,
    previous_hash  BLOB CHECK (length(previous_hash) = 32),
    CHECK ((previous_epoch IS NULL) = (previous_hash IS NULL))
) STRICT;

CREATE TABLE journal (
    epoch     INTEGER NOT NULL REFERENCES epoch (epoch),
    seq       INTEGER NOT NULL CHECK (seq >= 1),
    at        INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    -- Null once it was dropped; its hash keeps the chain verifiable.
    body      BLOB,
    body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
    hash      BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (epoch, seq)
) STRICT;

-- What the engine does and did. A row and its record are one transaction.
CREATE TABLE job (
    id           BLOB PRIMARY KEY CHECK (length(id) = 16),
    kind         TEXT NOT NULL,
    repository   TEXT NOT NULL,
    plan_group   TEXT,
    state        TEXT NOT NULL,
    origin       TEXT NOT NULL,
    -- The schedule at the root of the origin; a retry keeps its predecessor's.
    schedule     TEXT,
    attempt      INTEGER NOT NULL DEFAULT 1,
    upload_kib_s INTEGER,
    queued_at    INTEGER NOT NULL,
    -- A retry waits until then.
    not_before   INTEGER NOT NULL,
    started_at   INTEGER,
    finished_at  INTEGER,
    reason       TEXT,
    numbers      TEXT NOT NULL DEFAULT '{}',
    log_lines    INTEGER NOT NULL DEFAULT 0,
    -- restic's process while it runs, as JSON.
    process      TEXT,
    -- The person who wants it cancelled.
    cancel_by    TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX job_open ON job (repository, not_before) WHERE state IN ('queued', 'running');
CREATE INDEX job_by_subject ON job (repository, kind, plan_group, queued_at);
CREATE INDEX job_by_time ON job (queued_at);

-- Where a job's log lines are: each chunk's bytes are the body of one journal record.
CREATE TABLE log_chunk (
    job        BLOB NOT NULL REFERENCES job (id),
    chunk      INTEGER NOT NULL,
    first_line INTEGER NOT NULL,
    lines      INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    PRIMARY KEY (job, chunk)
) STRICT, WITHOUT ROWID;

-- What is known of a repository, by name.
CREATE TABLE repository (
    name          TEXT PRIMARY KEY,
    location      TEXT NOT NULL,
    readiness     TEXT NOT NULL,
    reason        TEXT,
    restic_id     TEXT,
    checked_at    INTEGER,
    numbers       TEXT,
    numbers_at    INTEGER,
    snapshots_at  INTEGER,
    -- The destination and revisions of secrets that were last looked at: another mark means look again.
    looked_at     TEXT
) STRICT, WITHOUT ROWID;

-- Every destination that was once ready for this host: `init` never runs there again.
CREATE TABLE repository_place (
    name      TEXT NOT NULL,
    location  TEXT NOT NULL,
    restic_id TEXT NOT NULL,
    ready_at  INTEGER NOT NULL,
    PRIMARY KEY (name, location)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot (
    repository TEXT NOT NULL,
    id         TEXT NOT NULL,
    time       INTEGER NOT NULL,
    snapshot   TEXT NOT NULL,
    PRIMARY KEY (repository, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX snapshot_by_time ON snapshot (repository, time);

-- How far each cadence has been seen to: nothing at or before `handled` is due again.
CREATE TABLE cadence (
    -- `schedule/NAME` or `maintenance/forget`
    name       TEXT PRIMARY KEY,
    -- Crontab and zone: a changed cadence starts anew and has missed nothing.
    definition TEXT NOT NULL,
    handled    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Why retention is held back. Backups never are.
CREATE TABLE retention_hold (
    cause   TEXT PRIMARY KEY,
    message TEXT NOT NULL,
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The plan ledger: every revision this host ever had. The highest is the plan.
CREATE TABLE plan (
    revision INTEGER PRIMARY KEY CHECK (revision > 0),
    plan     TEXT    NOT NULL,
    hash     BLOB    NOT NULL CHECK (length(hash) = 32),
    author   TEXT    NOT NULL,
    at       INTEGER NOT NULL
) STRICT;

-- Secrets at rest: XChaCha20-Poly1305 under vault.key, bound to slot, revision and agent. Rows are added, not changed.
CREATE TABLE secret (
    slot     TEXT    NOT NULL,
    revision INTEGER NOT NULL CHECK (revision > 0),
    sealed   BLOB    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (slot, revision)
) STRICT, WITHOUT ROWID;

-- The fleet that this host is pinned to, and its membership (null until it joined).
CREATE TABLE fleet (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    fleet      BLOB    NOT NULL CHECK (length(fleet) = 32),
    address    TEXT    NOT NULL,
    pinned_at  INTEGER NOT NULL,
    name       TEXT,
    credential TEXT,
    joined_at  INTEGER,
    refused    TEXT,
    CHECK ((name IS NULL) = (credential IS NULL) AND (name IS NULL) = (joined_at IS NULL))
) STRICT;

-- Fleet statements in their exact signed bytes.
CREATE TABLE statement (
    version INTEGER PRIMARY KEY CHECK (version > 0),
    signed  TEXT    NOT NULL
) STRICT;

-- The highest order number seen.
CREATE TABLE order_seen (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL
) STRICT;

-- The first receipt of every order that was executed: an id is executed once.
CREATE TABLE order_done (
    id      BLOB    PRIMARY KEY CHECK (length(id) = 16),
    receipt TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How much of the journal each coordinator has acknowledged.
CREATE TABLE acknowledged (
    coordinator BLOB    PRIMARY KEY CHECK (length(coordinator) = 32),
    epoch       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    hash        BLOB    NOT NULL CHECK (length(hash) = 32),
    at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the host is, as it was last journalled.
CREATE TABLE host_facts (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    facts TEXT    NOT NULL
) STRICT;
