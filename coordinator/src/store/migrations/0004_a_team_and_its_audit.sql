-- A team: people who are invited or whom a provider knows, second factors, tokens for programs, operator keys of everybody,
-- and the record of who did what. Sessions go on.

ALTER TABLE sessions RENAME TO old_sessions;
ALTER TABLE people RENAME TO old_people;

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
INSERT INTO people (id, name, password, role, disabled_at, created_at)
    SELECT id, name, password, role, disabled_at, created_at FROM old_people;

CREATE TABLE setup_links (
    person      INTEGER PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
    key         BLOB NOT NULL UNIQUE,
    expires_at  INTEGER NOT NULL
) STRICT;

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
INSERT INTO sessions (key, id, person, created_at, used_at)
    SELECT key, randomblob(32), person, created_at, used_at FROM old_sessions;

DROP TABLE old_sessions;
DROP TABLE old_people;

CREATE TABLE totp (
    person        INTEGER PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
    secret        BLOB NOT NULL,
    -- NULL until a first code was shown.
    confirmed_at  INTEGER,
    -- The time step of the last code that was taken: none is taken twice.
    last_step     INTEGER
) STRICT;

CREATE TABLE passkeys (
    id          BLOB PRIMARY KEY,
    person      INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    credential  TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    used_at     INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_of_person ON passkeys (person);

CREATE TABLE recovery_codes (
    person  INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    code    BLOB NOT NULL,
    PRIMARY KEY (person, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE tries (
    name   TEXT PRIMARY KEY,
    until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

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

CREATE TABLE device_keys (
    key           BLOB PRIMARY KEY,
    person        INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    announced_at  INTEGER NOT NULL,
    used_at       INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX device_keys_of_person ON device_keys (person);

CREATE TABLE audit (
    seq          INTEGER PRIMARY KEY,
    at           INTEGER NOT NULL,
    action       TEXT NOT NULL,
    actor        TEXT NOT NULL,
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

CREATE TABLE audit_anchor (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    seq        INTEGER NOT NULL,
    hash       BLOB NOT NULL,
    signature  BLOB NOT NULL
) STRICT;

CREATE TABLE audit_copied (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    place  TEXT NOT NULL,
    seq    INTEGER NOT NULL
) STRICT;
