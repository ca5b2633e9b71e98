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
    -- What this run does differently from the plan, as JSON.
    options      TEXT NOT NULL DEFAULT '{}',
    queued_at    INTEGER NOT NULL,
    -- A retry waits until then.
    not_before   INTEGER NOT NULL,
    started_at   INTEGER,
    finished_at  INTEGER,
    reason       TEXT,
    numbers      TEXT NOT NULL DEFAULT '{}',
    -- What it found, where numbers are not enough.
    result       TEXT,
    log_lines    INTEGER NOT NULL DEFAULT 0,
    -- restic's process while it runs, as JSON.
    process      TEXT,
    -- The person who wants it cancelled.
    cancel_by    TEXT,
    -- A person asked for it while it waited.
    wanted       INTEGER NOT NULL DEFAULT 0 CHECK (wanted IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX job_open ON job (repository, not_before) WHERE state IN ('queued', 'running');
CREATE INDEX job_by_subject ON job (repository, kind, plan_group, queued_at);
CREATE INDEX job_by_time ON job (queued_at);

-- The restics that the agent ran lately, by number and time: a lock of one of them is this host's own.
CREATE TABLE restic_ran (
    number   INTEGER PRIMARY KEY,
    job      BLOB NOT NULL CHECK (length(job) = 16),
    pid      INTEGER NOT NULL,
    began_at INTEGER NOT NULL,
    -- Null while it runs, and where the agent's own end came first.
    ended_at INTEGER
) STRICT;

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
    looked_at     TEXT,
    -- Who holds its locks, as last seen.
    locks         TEXT NOT NULL DEFAULT '[]'
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

-- Snapshots that are this host's own: a job of its made them, or they were adopted. Others that bear its name hold
-- retention back.
CREATE TABLE snapshot_own (
    repository TEXT NOT NULL,
    id         TEXT NOT NULL,
    PRIMARY KEY (repository, id)
) STRICT, WITHOUT ROWID;

-- How far each cadence has been seen to: nothing at or before `handled` is due again.
CREATE TABLE cadence (
    -- `schedule/NAME` or `maintenance/TASK`
    name       TEXT PRIMARY KEY,
    -- Crontab and zone: a changed cadence starts anew and has missed nothing.
    definition TEXT NOT NULL,
    handled    INTEGER NOT NULL,
    -- By repository, how far it is seen to where its part of a run waited while the rest was asked for; JSON.
    behind     TEXT NOT NULL DEFAULT '{}'
) STRICT, WITHOUT ROWID;

-- Why retention or upkeep is held back. Backups never are. An empty repository is all of them.
CREATE TABLE retention_hold (
    cause      TEXT NOT NULL,
    repository TEXT NOT NULL,
    message    TEXT NOT NULL,
    at         INTEGER NOT NULL,
    -- What the agent itself goes by, whatever the words are: what lifts it, who claims; JSON.
    mark       TEXT,
    PRIMARY KEY (cause, repository)
) STRICT, WITHOUT ROWID;

-- The plan ledger: every revision this host ever had. The highest is the plan.
CREATE TABLE plan (
    revision INTEGER PRIMARY KEY CHECK (revision > 0),
    plan     TEXT    NOT NULL,
    hash     BLOB    NOT NULL CHECK (length(hash) = 32),
    author   TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    -- Why, in the author's words.
    note     TEXT
) STRICT;

-- Why plan.toml is not taken as it stands, as the journal says, as JSON.
CREATE TABLE plan_file (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    problems TEXT NOT NULL
) STRICT;

-- Secrets at rest: XChaCha20-Poly1305 under vault.key, bound to slot, revision and agent. Rows are added, not changed.
CREATE TABLE secret (
    slot     TEXT    NOT NULL,
    revision INTEGER NOT NULL CHECK (revision > 0),
    sealed   BLOB    NOT NULL,
    at       INTEGER NOT NULL,
    -- The destination that it was last seen to open.
    opened   TEXT,
    -- Why it was tried and not taken into use, as JSON.
    refused  TEXT,
    -- Whether the fleet's kit can open it.
    escrowed INTEGER NOT NULL DEFAULT 0 CHECK (escrowed IN (0, 1)),
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
    -- What the host is tagged with in the fleet, as JSON.
    tags       TEXT NOT NULL DEFAULT '[]',
    -- It left the fleet: no more orders are taken.
    retired_at INTEGER,
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
