-- Jobs say which slot of which schedule they are, and when their end is only presumed; secrets, that the epoch which told of
-- them is over; sizes are found by their time. Every view is folded again from the records before the database is used.

CREATE TABLE views_stale (
    one  INTEGER PRIMARY KEY CHECK (one = 1)
) STRICT;
INSERT INTO views_stale (one) VALUES (1);

ALTER TABLE view_secrets ADD COLUMN lost INTEGER;
ALTER TABLE view_secrets ADD COLUMN newest INTEGER;

CREATE INDEX view_numbers_by_time ON view_numbers (host, repository, at, stored_bytes);

ALTER TABLE view_jobs ADD COLUMN schedule TEXT;
ALTER TABLE view_jobs ADD COLUMN due_at INTEGER;
ALTER TABLE view_jobs ADD COLUMN presumed INTEGER;
CREATE INDEX view_jobs_scheduled ON view_jobs (host, schedule, due_at) WHERE schedule IS NOT NULL;
