-- The restics that the agent ran lately: what of theirs is left after a stop is known as this host's own.

CREATE TABLE restic_ran (
    number   INTEGER PRIMARY KEY,
    job      BLOB NOT NULL CHECK (length(job) = 16),
    pid      INTEGER NOT NULL,
    began_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
