-- Who is turned away because another took its place, also where the one that did so gave way itself and is removed. Of two that took
-- one place, the later counts.

CREATE TABLE replaced (
    agent      BLOB PRIMARY KEY,
    successor  BLOB NOT NULL
) STRICT, WITHOUT ROWID;
INSERT OR REPLACE INTO replaced (agent, successor)
    SELECT replaces, agent FROM hosts WHERE replaces IS NOT NULL ORDER BY id;
