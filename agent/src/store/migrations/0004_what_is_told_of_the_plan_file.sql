-- What the journal says of a plan.toml that is not taken, so that it is told again only when it is another matter.

CREATE TABLE plan_file (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    problems TEXT NOT NULL
) STRICT;
