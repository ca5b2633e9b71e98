-- What a run was asked to do differently and what it found; locks; snapshots of our own; holds by repository; why a plan
-- changed; tags, and leaving the fleet; which secret is in use. SQLite cannot change a column: tables are made anew.

CREATE TABLE job_new (
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
INSERT INTO job_new (id, kind, repository, plan_group, state, origin, schedule, attempt, options, queued_at, not_before, started_at, finished_at, reason, numbers, log_lines, process, cancel_by)
    SELECT id, kind, repository, plan_group, state, origin, schedule, attempt, CASE WHEN upload_kib_s IS NULL THEN '{}' ELSE json_object('upload_kib_s', upload_kib_s) END, queued_at, not_before, started_at, finished_at, reason, numbers, log_lines, process, cancel_by
    FROM job;
DROP TABLE job;
ALTER TABLE job_new RENAME TO job;
CREATE INDEX job_open ON job (repository, not_before) WHERE state IN ('queued', 'running');
CREATE INDEX job_by_subject ON job (repository, kind, plan_group, queued_at);
CREATE INDEX job_by_time ON job (queued_at);

CREATE TABLE repository_new (
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
INSERT INTO repository_new (name, location, readiness, reason, restic_id, checked_at, numbers, numbers_at, snapshots_at, looked_at)
    SELECT name, location, readiness, reason, restic_id, checked_at, numbers, numbers_at, snapshots_at, looked_at
    FROM repository;
DROP TABLE repository;
ALTER TABLE repository_new RENAME TO repository;

CREATE TABLE plan_new (
    revision INTEGER PRIMARY KEY CHECK (revision > 0),
    plan     TEXT    NOT NULL,
    hash     BLOB    NOT NULL CHECK (length(hash) = 32),
    author   TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    -- Why, in the author's words.
    note     TEXT
) STRICT;
INSERT INTO plan_new (revision, plan, hash, author, at)
    SELECT revision, plan, hash, author, at
    FROM plan;
DROP TABLE plan;
ALTER TABLE plan_new RENAME TO plan;

CREATE TABLE fleet_new (
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
INSERT INTO fleet_new (one, fleet, address, pinned_at, name, credential, joined_at, refused)
    SELECT one, fleet, address, pinned_at, name, credential, joined_at, refused
    FROM fleet;
DROP TABLE fleet;
ALTER TABLE fleet_new RENAME TO fleet;

CREATE TABLE retention_hold_new (
    cause      TEXT NOT NULL,
    repository TEXT NOT NULL,
    message    TEXT NOT NULL,
    at         INTEGER NOT NULL,
    mark       TEXT,
    PRIMARY KEY (cause, repository)
) STRICT, WITHOUT ROWID;
-- What lifts a clock that jumped stood only in its words so far.
INSERT INTO retention_hold_new (cause, repository, message, at, mark)
    SELECT CASE cause WHEN 'set_back' THEN 'epoch_begun' ELSE cause END, '', message, at,
        CASE
            WHEN cause <> 'clock_jumped' THEN NULL
            WHEN message LIKE '%, or by itself after a day' THEN '{"lifted":"word_or_time"}'
            WHEN message LIKE '%agrees with it, or when a person confirms the plan' THEN '{"lifted":"word"}'
        END
    FROM retention_hold;
DROP TABLE retention_hold;
ALTER TABLE retention_hold_new RENAME TO retention_hold;

CREATE TABLE snapshot_own (
    repository TEXT NOT NULL,
    id         TEXT NOT NULL,
    PRIMARY KEY (repository, id)
) STRICT, WITHOUT ROWID;
-- What is listed already was trusted so far.
INSERT INTO snapshot_own (repository, id) SELECT repository, id FROM snapshot;

CREATE TABLE secret_new (
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
-- The newest was what jobs used so far.
INSERT INTO secret_new (slot, revision, sealed, at, opened, escrowed)
    SELECT slot, revision, sealed, at,
        (SELECT location FROM repository
         WHERE readiness = 'ready' AND substr(s.slot, 1, length(name) + 12) = 'repository/' || name || '/'
            AND s.revision = (SELECT max(revision) FROM secret WHERE slot = s.slot)),
        1
    FROM secret s;
DROP TABLE secret;
ALTER TABLE secret_new RENAME TO secret;

CREATE TABLE cadence_new (
    name       TEXT PRIMARY KEY,
    definition TEXT NOT NULL,
    handled    INTEGER NOT NULL,
    behind     TEXT NOT NULL DEFAULT '{}'
) STRICT, WITHOUT ROWID;
INSERT INTO cadence_new (name, definition, handled) SELECT name, definition, handled FROM cadence;
DROP TABLE cadence;
ALTER TABLE cadence_new RENAME TO cadence;
