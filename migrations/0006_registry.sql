-- The registry for people. Every row belongs to an organisation and is known there by its key; the columns after
-- 'valid_until' are those of the files that are imported and exported. Empty text is "not said".

-- Who is responsible for something.
CREATE TABLE people (
    id           TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisations (id),
    key          TEXT NOT NULL,
    valid_from   TEXT NOT NULL,
    valid_until  TEXT NOT NULL,
    name_ja      TEXT NOT NULL,
    name_en      TEXT NOT NULL,
    post_ja      TEXT NOT NULL,
    post_en      TEXT NOT NULL,
    mail         TEXT NOT NULL,
    phone        TEXT NOT NULL,
    language     TEXT NOT NULL,
    UNIQUE (organisation, key)
);

-- Who is reached, by which channel, in which hours. 'channels' and 'deputies' are in the order to be tried.
CREATE TABLE contacts (
    id               TEXT   NOT NULL PRIMARY KEY,
    organisation     TEXT   NOT NULL REFERENCES organisations (id),
    key              TEXT   NOT NULL,
    valid_from       TEXT   NOT NULL,
    valid_until      TEXT   NOT NULL,
    kind             TEXT   NOT NULL,
    name_ja          TEXT   NOT NULL,
    name_en          TEXT   NOT NULL,
    person           TEXT   NOT NULL,
    channels         TEXT   NOT NULL,
    hours            TEXT   NOT NULL,
    deputies         TEXT   NOT NULL,
    language         TEXT   NOT NULL,
    openpgp          TEXT   NOT NULL,
    smime            TEXT   NOT NULL,
    last_verified_at BIGINT,
    verified_by      TEXT   NOT NULL DEFAULT '',
    asked_at         BIGINT,
    bounces          BIGINT NOT NULL DEFAULT 0,
    UNIQUE (organisation, key)
);
CREATE INDEX contacts_by_verification ON contacts (last_verified_at);

-- Links with which a contact confirms that it is still right: used once, only a digest is kept.
CREATE TABLE contact_confirmations (
    digest   TEXT   NOT NULL PRIMARY KEY,
    contact  TEXT   NOT NULL REFERENCES contacts (id),
    asked_by TEXT   NOT NULL,
    ends_at  BIGINT NOT NULL
);
CREATE INDEX contact_confirmations_of ON contact_confirmations (contact);

-- Information systems.
CREATE TABLE systems (
    id              TEXT   NOT NULL PRIMARY KEY,
    organisation    TEXT   NOT NULL REFERENCES organisations (id),
    key             TEXT   NOT NULL,
    valid_from      TEXT   NOT NULL,
    valid_until     TEXT   NOT NULL,
    name_ja         TEXT   NOT NULL,
    name_en         TEXT   NOT NULL,
    manager         TEXT   NOT NULL,
    criticality     TEXT   NOT NULL,
    confidentiality BIGINT NOT NULL,
    integrity       BIGINT NOT NULL,
    availability    BIGINT NOT NULL,
    rto_minutes     BIGINT,
    internet_facing TEXT   NOT NULL,
    place           TEXT   NOT NULL,
    UNIQUE (organisation, key)
);

-- Servers; 'system' is the key of a system of the same organisation, here and below.
CREATE TABLE servers (
    id           TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisations (id),
    key          TEXT NOT NULL,
    valid_from   TEXT NOT NULL,
    valid_until  TEXT NOT NULL,
    kind         TEXT NOT NULL,
    name         TEXT NOT NULL,
    system       TEXT NOT NULL,
    UNIQUE (organisation, key)
);
CREATE INDEX servers_of ON servers (organisation, kind, valid_from, valid_until);

CREATE TABLE software (
    id             TEXT NOT NULL PRIMARY KEY,
    organisation   TEXT NOT NULL REFERENCES organisations (id),
    key            TEXT NOT NULL,
    valid_from     TEXT NOT NULL,
    valid_until    TEXT NOT NULL,
    system         TEXT NOT NULL,
    name           TEXT NOT NULL,
    vendor         TEXT NOT NULL,
    version        TEXT NOT NULL,
    cpe            TEXT NOT NULL,
    purl           TEXT NOT NULL,
    purpose        TEXT NOT NULL,
    end_of_support TEXT NOT NULL,
    UNIQUE (organisation, key)
);
CREATE INDEX software_by_end ON software (end_of_support);

-- What an organisation is there to do, and which systems that needs.
CREATE TABLE functions (
    id           TEXT   NOT NULL PRIMARY KEY,
    organisation TEXT   NOT NULL REFERENCES organisations (id),
    key          TEXT   NOT NULL,
    valid_from   TEXT   NOT NULL,
    valid_until  TEXT   NOT NULL,
    name_ja      TEXT   NOT NULL,
    name_en      TEXT   NOT NULL,
    priority     BIGINT NOT NULL,
    rto_minutes  BIGINT,
    systems      TEXT   NOT NULL,
    UNIQUE (organisation, key)
);

-- How many servers of a kind there were on a day for which the servers themselves are not registered.
CREATE TABLE server_counts (
    id           TEXT   NOT NULL PRIMARY KEY,
    organisation TEXT   NOT NULL REFERENCES organisations (id),
    key          TEXT   NOT NULL,
    valid_from   TEXT   NOT NULL,
    valid_until  TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    day          TEXT   NOT NULL,
    servers      BIGINT NOT NULL,
    UNIQUE (organisation, key)
);

-- Rows that somebody asks for and that the centre decides about. 'written' is the row of a file, as JSON; 'version' is a
-- digest of what stood there when it was asked for, empty when nothing did.
CREATE TABLE changes (
    id            TEXT   NOT NULL PRIMARY KEY,
    number        TEXT   NOT NULL,
    organisation  TEXT   NOT NULL REFERENCES organisations (id),
    noun          TEXT   NOT NULL,
    about         TEXT   NOT NULL,
    action        TEXT   NOT NULL,
    degree        BIGINT NOT NULL,
    written       TEXT   NOT NULL,
    version       TEXT   NOT NULL,
    reason        TEXT   NOT NULL,
    state         TEXT   NOT NULL,
    asked_by      TEXT   NOT NULL,
    asked_by_name TEXT   NOT NULL,
    asked_at      BIGINT NOT NULL,
    decided_by    TEXT   NOT NULL DEFAULT '',
    decided_at    BIGINT,
    answer        TEXT   NOT NULL DEFAULT ''
);
CREATE INDEX changes_by_state ON changes (state, asked_at);
CREATE INDEX changes_of ON changes (organisation, asked_at);
