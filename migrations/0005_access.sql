-- Who can sign in. An erased account keeps its id, for the audit trail, and nothing about the person.
CREATE TABLE accounts (
    id         TEXT   NOT NULL PRIMARY KEY,
    login      TEXT   NOT NULL UNIQUE,
    name       TEXT   NOT NULL,
    language   TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    signed_in_at BIGINT
);

-- Which role, and where; organisation is '' for a role of the centre. What a provider said is replaced by what it says
-- next; what a person gave stays.
CREATE TABLE account_grants (
    account      TEXT   NOT NULL,
    role         TEXT   NOT NULL,
    organisation TEXT   NOT NULL,
    source       TEXT   NOT NULL,
    given_at     BIGINT NOT NULL,
    given_by     TEXT   NOT NULL,
    PRIMARY KEY (account, role, organisation)
);
CREATE INDEX account_grants_by_organisation ON account_grants (organisation, account);

CREATE TABLE account_passwords (
    account    TEXT   NOT NULL PRIMARY KEY,
    hash       TEXT   NOT NULL,
    changed_at BIGINT NOT NULL
);

-- The secret is encrypted with the key file of the data directory; last_step is the last time step that was used.
CREATE TABLE account_totp (
    account      TEXT   NOT NULL PRIMARY KEY,
    secret       TEXT   NOT NULL,
    confirmed_at BIGINT,
    last_step    BIGINT NOT NULL
);

CREATE TABLE account_recovery (
    account TEXT NOT NULL,
    digest  TEXT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (account, digest)
);

CREATE TABLE account_passkeys (
    id         TEXT   NOT NULL PRIMARY KEY,
    account    TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    credential TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX account_passkeys_by_account ON account_passkeys (account);

-- By which name a provider of identities knows somebody.
CREATE TABLE account_identities (
    issuer  TEXT NOT NULL,
    subject TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX account_identities_by_account ON account_identities (account);

-- Links that let somebody in once. Only the digest of the secret is kept. Without an account it is the link for the
-- first administrator.
CREATE TABLE invitations (
    digest     TEXT   NOT NULL PRIMARY KEY,
    account    TEXT,
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL,
    ends_at    BIGINT NOT NULL
);
CREATE INDEX invitations_by_account ON invitations (account);

CREATE TABLE sessions (
    digest     TEXT   NOT NULL PRIMARY KEY,
    id         TEXT   NOT NULL UNIQUE,
    account    TEXT   NOT NULL,
    method     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    fresh_at   BIGINT NOT NULL,
    user_agent TEXT   NOT NULL,
    address    TEXT   NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account, seen_at);

-- What somebody has shown so far of what signing in takes, until the rest comes.
CREATE TABLE sign_in_steps (
    digest  TEXT   NOT NULL PRIMARY KEY,
    account TEXT,
    kind    TEXT   NOT NULL,
    state   TEXT   NOT NULL,
    tries   BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX sign_in_steps_by_end ON sign_in_steps (ends_at);

-- Keys for programs. rights are words with a space between.
CREATE TABLE tokens (
    digest       TEXT   NOT NULL PRIMARY KEY,
    id           TEXT   NOT NULL UNIQUE,
    account      TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    rights       TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    ends_at      BIGINT NOT NULL,
    used_at      BIGINT
);
CREATE INDEX tokens_by_account ON tokens (account, ends_at);

-- Words about people that the audit trail needs but may have to forget. The trail itself holds the keyed digest; without
-- the key nobody can try names against it.
CREATE TABLE audit_personal (
    seq     BIGINT NOT NULL PRIMARY KEY,
    subject TEXT   NOT NULL,
    key     TEXT   NOT NULL,
    text    TEXT   NOT NULL
);
CREATE INDEX audit_personal_by_subject ON audit_personal (subject, seq);
