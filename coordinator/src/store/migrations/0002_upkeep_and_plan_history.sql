-- Views of what looks after backups, plans of every revision, and daily numbers. The steps' table says which records are
-- folded again afterwards.

CREATE TABLE claims (
    host        INTEGER NOT NULL REFERENCES hosts (id),
    repository  TEXT NOT NULL,
    claimants   TEXT NOT NULL,
    "order"     BLOB NOT NULL,
    PRIMARY KEY (host, repository)
) STRICT, WITHOUT ROWID;

CREATE TABLE templates (
    key         TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    plan        TEXT NOT NULL,
    made_by     TEXT NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

DROP TABLE view_plans;
CREATE TABLE view_plans (
    host      INTEGER NOT NULL,
    place     INTEGER NOT NULL,
    revision  INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    changed   TEXT NOT NULL,
    plan      TEXT NOT NULL,
    PRIMARY KEY (host, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE view_holds (
    host   INTEGER PRIMARY KEY,
    holds  TEXT NOT NULL,
    at     INTEGER NOT NULL
) STRICT;

CREATE TABLE view_retired (
    host  INTEGER PRIMARY KEY,
    at    INTEGER NOT NULL
) STRICT;

DROP TABLE view_numbers;
CREATE TABLE view_numbers (
    host          INTEGER NOT NULL,
    repository    TEXT NOT NULL,
    slot          INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    stored_bytes  INTEGER NOT NULL,
    snapshots     INTEGER NOT NULL,
    numbers       TEXT NOT NULL,
    PRIMARY KEY (host, repository, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE view_locks (
    host        INTEGER NOT NULL,
    repository  TEXT NOT NULL,
    locks       TEXT NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (host, repository)
) STRICT, WITHOUT ROWID;

ALTER TABLE view_snapshots ADD COLUMN doubt TEXT;
CREATE INDEX view_snapshots_doubtful ON view_snapshots (host, repository) WHERE doubt IS NOT NULL;

ALTER TABLE view_jobs ADD COLUMN options TEXT;
ALTER TABLE view_jobs ADD COLUMN result TEXT;
ALTER TABLE view_jobs ADD COLUMN lacks TEXT;
CREATE INDEX view_jobs_upkeep ON view_jobs (host, kind, repository, finished_at)
    WHERE kind IN ('forget', 'prune', 'check', 'drill') AND finished_at IS NOT NULL;
