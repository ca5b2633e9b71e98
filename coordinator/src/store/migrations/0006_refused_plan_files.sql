-- Why the endpoint's own plan.toml is not taken as it stands. Records that tell of it may be here already.

CREATE TABLE view_plan_file (
    host      INTEGER PRIMARY KEY,
    problems  TEXT NOT NULL
) STRICT;

INSERT OR IGNORE INTO views_stale (one) VALUES (1);
