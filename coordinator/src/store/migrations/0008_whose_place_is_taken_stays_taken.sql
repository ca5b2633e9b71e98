-- Who took whose place, also where either is removed since. Of several that took one place, the one of the highest rank that
-- is here counts; an older database knows no more than that the later one does.

CREATE TABLE replaced (
    agent      BLOB NOT NULL,
    successor  BLOB NOT NULL,
    rank       INTEGER NOT NULL,
    PRIMARY KEY (agent, successor)
) STRICT, WITHOUT ROWID;
INSERT INTO replaced (agent, successor, rank) SELECT replaces, agent, id FROM hosts WHERE replaces IS NOT NULL;
