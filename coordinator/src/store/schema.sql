-- The coordinator's database. Steps under migrations/ arrive exactly here.
--
-- size: the schema is one thing, and is read as one.
--
-- Three kinds of rows: the raw journals (chains, records), which are the agents' signed word; views, which are folds of
-- those records and can be thrown away; and the coordinator's own (statements, hosts, tokens, orders, people, sessions).
-- Ids and hashes are blobs as they are, times are milliseconds since the Unix epoch, structured values are JSON.

-- ── the coordinator's own ──────────────────────────────────────────────────────────────────────────────────────────

-- Every fleet statement from version 1, as signed.
CREATE TABLE statements (
    version   INTEGER PRIMARY KEY,
    signed    TEXT NOT NULL
) STRICT;

-- The members of the fleet. What a member shows at the door brings its row back after a wipe.
CREATE TABLE hosts (
    id            INTEGER PRIMARY KEY,
    agent         BLOB NOT NULL UNIQUE,
    binding       TEXT NOT NULL,
    name          TEXT NOT NULL,
    tags          TEXT NOT NULL,
    credential    TEXT NOT NULL,
    joined_at     INTEGER NOT NULL,
    -- The highest order number that the agent is known to have seen or was sent.
    last_number   INTEGER NOT NULL DEFAULT 0,
    -- The last time it was connected, as far as it was written down.
    last_seen     INTEGER,
    -- Something that only a person can resolve, as JSON.
    trouble       TEXT,
    -- The agent whose place it took, as its admission says.
    replaces      BLOB
) STRICT;

CREATE TABLE tokens (
    token       BLOB PRIMARY KEY,
    signed      TEXT NOT NULL,
    made_by     TEXT NOT NULL,
    made_at     INTEGER NOT NULL,
    revoked_at  INTEGER
) STRICT;

-- One row per agent that redeemed a token, however often it did.
CREATE TABLE token_uses (
    token   BLOB NOT NULL REFERENCES tokens (token),
    agent   BLOB NOT NULL,
    name    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (token, agent)
) STRICT, WITHOUT ROWID;

-- Who took whose place, also where either is removed since. Of several that took one place, the one of the highest rank that
-- is here counts.
CREATE TABLE replaced (
    agent      BLOB NOT NULL,
    successor  BLOB NOT NULL,
    rank       INTEGER NOT NULL,
    PRIMARY KEY (agent, successor)
) STRICT, WITHOUT ROWID;

-- Wishes for a host. A number is given when it is sent; its answer is in receipts. `signed` is empty where the order must
-- not be written down: it went to a host that was connected, and to nobody else ever. `about`: the names in it, as people
-- are told them.
CREATE TABLE orders (
    id            BLOB PRIMARY KEY,
    host          INTEGER NOT NULL REFERENCES hosts (id),
    signed        TEXT NOT NULL,
    action        TEXT NOT NULL,
    person        TEXT NOT NULL,
    issued_at     INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    made_at       INTEGER NOT NULL,
    number        INTEGER,
    sent_at       INTEGER,
    withdrawn_at  INTEGER,
    about         TEXT
) STRICT;
CREATE INDEX orders_of_host ON orders (host, made_at);
CREATE INDEX orders_waiting ON orders (host) WHERE number IS NULL AND withdrawn_at IS NULL;

-- Who was last said to claim the upkeep of a repository that several hosts use: which order told this host so.
CREATE TABLE claims (
    host        INTEGER NOT NULL REFERENCES hosts (id),
    repository  TEXT NOT NULL,
    claimants   TEXT NOT NULL,
    "order"     BLOB NOT NULL,
    PRIMARY KEY (host, repository)
) STRICT, WITHOUT ROWID;

-- Plans that are kept to be given to hosts. The key is the name in lower case.
CREATE TABLE templates (
    key         TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    plan        TEXT NOT NULL,
    made_by     TEXT NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- ── the raw journals ───────────────────────────────────────────────────────────────────────────────────────────────

-- One row per epoch of a host's journal, with the last head that its agent signed.
CREATE TABLE chains (
    id              INTEGER PRIMARY KEY,
    host            INTEGER NOT NULL REFERENCES hosts (id),
    epoch           INTEGER NOT NULL,
    previous_epoch  INTEGER,
    previous_hash   BLOB,
    seq             INTEGER NOT NULL,
    hash            BLOB NOT NULL,
    signature       BLOB NOT NULL,
    verified_at     INTEGER NOT NULL,
    UNIQUE (host, epoch)
) STRICT;

-- Records as the agents hashed them. place = chain << 40 | seq, so that one tree holds every chain in order.
CREATE TABLE records (
    place      INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    -- NULL when it was dropped; then body_hash stands for it.
    body       BLOB,
    body_hash  BLOB,
    -- The chain's hash after this record.
    hash       BLOB NOT NULL
) STRICT;

-- ── views: folds of the records ────────────────────────────────────────────────────────────────────────────────────

-- Written for every record, so without foreign keys: the folds know their hosts.

-- A row while the schema is new and the views do not say yet all that their records do.
CREATE TABLE views_stale (
    one  INTEGER PRIMARY KEY CHECK (one = 1)
) STRICT;

CREATE TABLE view_facts (
    host   INTEGER PRIMARY KEY,
    facts  TEXT NOT NULL,
    at     INTEGER NOT NULL
) STRICT;

-- Every revision, by where its record stands: a disk that was set back may use a number twice. The last one counts.
CREATE TABLE view_plans (
    host      INTEGER NOT NULL,
    place     INTEGER NOT NULL,
    revision  INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    changed   TEXT NOT NULL,
    plan      TEXT NOT NULL,
    PRIMARY KEY (host, place)
) STRICT, WITHOUT ROWID;

-- Why the endpoint's own plan.toml is not taken as it stands. No row: it is, or there is none.
CREATE TABLE view_plan_file (
    host      INTEGER PRIMARY KEY,
    problems  TEXT NOT NULL
) STRICT;

-- What holds retention or upkeep back. No row: nothing does.
CREATE TABLE view_holds (
    host   INTEGER PRIMARY KEY,
    holds  TEXT NOT NULL,
    at     INTEGER NOT NULL
) STRICT;

-- Hosts that left the fleet.
CREATE TABLE view_retired (
    host  INTEGER PRIMARY KEY,
    at    INTEGER NOT NULL
) STRICT;

-- The secrets that a host holds, each with the box that the fleet's recovery key opens.
CREATE TABLE view_secrets (
    host      INTEGER NOT NULL,
    slot      TEXT NOT NULL,
    revision  INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    recovery  BLOB NOT NULL,
    box       BLOB NOT NULL,
    -- 1: an epoch before told of it, and the one that goes on does not. The host no longer holds it; its box may be the
    -- only copy.
    lost      INTEGER,
    -- The highest revision that the host was given, where that one waits to be tried, or was refused.
    newest    INTEGER,
    PRIMARY KEY (host, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE view_repositories (
    host        INTEGER NOT NULL,
    repository  TEXT NOT NULL,
    readiness   TEXT NOT NULL,
    reason      TEXT,
    restic_id   TEXT,
    checked_at  INTEGER NOT NULL,
    PRIMARY KEY (host, repository)
) STRICT, WITHOUT ROWID;

-- The last measure of a day. A day has the slot of the day 400 before it, so that there are never more.
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
-- Covers what sizes and trends are added up from.
CREATE INDEX view_numbers_by_time ON view_numbers (host, repository, at, stored_bytes);

-- Who held a repository's locks when that was last looked at and was different.
CREATE TABLE view_locks (
    host        INTEGER NOT NULL,
    repository  TEXT NOT NULL,
    locks       TEXT NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (host, repository)
) STRICT, WITHOUT ROWID;

CREATE TABLE view_snapshots (
    host        INTEGER NOT NULL,
    repository  TEXT NOT NULL,
    id          TEXT NOT NULL,
    time        INTEGER NOT NULL,
    backup      TEXT,
    size_bytes  INTEGER,
    snapshot    TEXT NOT NULL,
    doubt       TEXT,
    PRIMARY KEY (host, repository, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX view_snapshots_by_time ON view_snapshots (host, time);
-- Covers what the fleet page counts and adds up.
CREATE INDEX view_snapshots_by_group ON view_snapshots (host, repository, backup, time, size_bytes);
CREATE INDEX view_snapshots_doubtful ON view_snapshots (host, repository) WHERE doubt IS NOT NULL;

CREATE TABLE view_jobs (
    host         INTEGER NOT NULL,
    job          BLOB NOT NULL,
    kind         TEXT NOT NULL,
    repository   TEXT NOT NULL,
    backup       TEXT,
    origin       TEXT NOT NULL,
    state        TEXT NOT NULL,
    reason       TEXT,
    numbers      TEXT,
    queued_at    INTEGER NOT NULL,
    started_at   INTEGER,
    finished_at  INTEGER,
    log_lines    INTEGER,
    options      TEXT,
    result       TEXT,
    lacks        TEXT,
    -- Of which schedule it is a run, or a retry of one, and when that was due.
    schedule     TEXT,
    due_at       INTEGER,
    -- 1: nobody said that it ended. Its journal goes on in an epoch that does not know of it.
    presumed     INTEGER,
    PRIMARY KEY (host, job)
) STRICT, WITHOUT ROWID;
-- What is not over yet: few rows at any time.
CREATE INDEX view_jobs_active ON view_jobs (host) WHERE finished_at IS NULL;
CREATE INDEX view_jobs_backups ON view_jobs (host, finished_at) WHERE kind = 'backup' AND finished_at IS NOT NULL;
-- Few among the many.
CREATE INDEX view_jobs_upkeep ON view_jobs (host, kind, repository, finished_at)
    WHERE kind IN ('forget', 'prune', 'check', 'drill') AND finished_at IS NOT NULL;
CREATE INDEX view_jobs_scheduled ON view_jobs (host, schedule, due_at) WHERE schedule IS NOT NULL;

-- Where a job's log is among the records.
CREATE TABLE view_log_chunks (
    host     INTEGER NOT NULL,
    job      BLOB NOT NULL,
    chunk    INTEGER NOT NULL,
    place    INTEGER NOT NULL,
    PRIMARY KEY (host, job, chunk)
) STRICT, WITHOUT ROWID;

CREATE TABLE view_receipts (
    host     INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    "order"  BLOB NOT NULL,
    outcome  TEXT NOT NULL,
    action   TEXT,
    person   TEXT,
    at       INTEGER NOT NULL,
    PRIMARY KEY (host, "order")
) STRICT, WITHOUT ROWID;

-- ── people ─────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Who signs in. Of those whom a provider knows, it says name, e-mail and role, and they have no password here.
CREATE TABLE people (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE COLLATE NOCASE,
    email         TEXT,
    role          TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    -- PHC string, Argon2id. NULL: nobody chose one yet, or a provider vouches for the person.
    password      TEXT,
    -- The identity provider's issuer, and what it calls the person for ever.
    issuer        TEXT,
    subject       TEXT,
    disabled_at   INTEGER,
    created_at    INTEGER NOT NULL,
    signed_in_at  INTEGER,
    CHECK ((issuer IS NULL) = (subject IS NULL)),
    CHECK (issuer IS NULL OR password IS NULL),
    UNIQUE (issuer, subject)
) STRICT;

-- The link by which an invited person chooses a password, by the SHA-256 of its token; the newest alone counts.
CREATE TABLE setup_links (
    person      INTEGER PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
    key         BLOB NOT NULL UNIQUE,
    expires_at  INTEGER NOT NULL
) STRICT;

-- Sessions by the SHA-256 of what their cookie holds.
CREATE TABLE sessions (
    key         BLOB PRIMARY KEY,
    -- What people are shown and name it by: it opens nothing.
    id          BLOB NOT NULL UNIQUE,
    person      INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    created_at  INTEGER NOT NULL,
    used_at     INTEGER NOT NULL,
    -- Where it began, and with what, as the browser called itself.
    address     TEXT,
    device      TEXT,
    -- 1: a second factor was shown, here or to the provider.
    proved      INTEGER,
    -- Of a session that a provider began: which, what it calls the session, and the sealed ID token that ends it there.
    provider    TEXT,
    sid         TEXT,
    id_token    BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_person ON sessions (person);

-- The secret of a person's code generator, sealed under the coordinator's key file.
CREATE TABLE totp (
    person        INTEGER PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
    secret        BLOB NOT NULL,
    -- NULL until a first code was shown.
    confirmed_at  INTEGER,
    -- The time step of the last code that was taken: none is taken twice.
    last_step     INTEGER
) STRICT;

-- Passkeys: what verifies them, as the library writes it, in JSON. Nothing in it is secret.
CREATE TABLE passkeys (
    id          BLOB PRIMARY KEY,
    person      INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    credential  TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    used_at     INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_of_person ON passkeys (person);

-- Codes for whoever lost the second factor, by their SHA-256; each is removed when it is used.
CREATE TABLE recovery_codes (
    person  INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    code    BLOB NOT NULL,
    PRIMARY KEY (person, code)
) STRICT, WITHOUT ROWID;

-- How often somebody tried to sign in under a name: the instant until which its tries are taken up, as GCRA has it.
CREATE TABLE tries (
    name   TEXT PRIMARY KEY,
    until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Sign-ins that are under way at a provider, by the SHA-256 of their state. One-shot.
CREATE TABLE sso_states (
    state       BLOB PRIMARY KEY,
    provider    TEXT NOT NULL,
    -- The SHA-256 of what the browser's cookie holds: who began it ends it.
    browser     BLOB NOT NULL,
    -- Sealed under the coordinator's key file: the nonce, the PKCE verifier and where to go afterwards.
    secret      BLOB NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Logout tokens that a provider sent, by the SHA-256 of provider and `jti`, until their age alone refuses them. One-shot.
CREATE TABLE sso_logouts (
    name        BLOB PRIMARY KEY,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Programs' keys to the API, by the SHA-256 of the token.
CREATE TABLE api_tokens (
    id          INTEGER PRIMARY KEY,
    key         BLOB NOT NULL UNIQUE,
    person      INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    -- It never does more than its maker may at that moment.
    role        TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER,
    used_at     INTEGER,
    revoked_at  INTEGER
) STRICT;

-- Operator keys that a browser or a terminal told of: whose they are. What they may sign, the fleet's statement says.
CREATE TABLE device_keys (
    key           BLOB PRIMARY KEY,
    person        INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    announced_at  INTEGER NOT NULL,
    used_at       INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX device_keys_of_person ON device_keys (person);

-- While nobody exists: the SHA-256 of the token that lets the first person in.
CREATE TABLE bootstrap (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    token  BLOB NOT NULL
) STRICT;

-- ── audit ──────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Who did what, chained and signed by this coordinator. `body` holds the exact bytes that `hash` covers; what stands
-- beside it is taken from it, to be searched.
CREATE TABLE audit (
    seq          INTEGER PRIMARY KEY,
    at           INTEGER NOT NULL,
    action       TEXT NOT NULL,
    actor        TEXT NOT NULL,
    -- By the name that it had then, and by what it is.
    target       TEXT,
    target_kind  TEXT,
    target_id    TEXT,
    body         TEXT NOT NULL,
    hash         BLOB NOT NULL,
    signature    BLOB NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_actor ON audit (actor COLLATE NOCASE, seq);
CREATE INDEX audit_by_action ON audit (action, seq);
CREATE INDEX audit_by_target ON audit (target_kind, target_id, seq);

-- The last record that its time was over for: the chain goes on from here.
CREATE TABLE audit_anchor (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    seq        INTEGER NOT NULL,
    hash       BLOB NOT NULL,
    signature  BLOB NOT NULL
) STRICT;

-- How far the copy got that is kept elsewhere, and where that is.
CREATE TABLE audit_copied (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    place  TEXT NOT NULL,
    seq    INTEGER NOT NULL
) STRICT;
