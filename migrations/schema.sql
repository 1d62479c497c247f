CREATE TABLE assets (
    kind         TEXT NOT NULL,
    value        TEXT NOT NULL,
    organisation TEXT NOT NULL REFERENCES organisations (id),
    valid_from   TEXT NOT NULL,
    valid_until  TEXT NOT NULL,
    criticality  TEXT NOT NULL,
    system       TEXT NOT NULL,
    device_class TEXT NOT NULL,
    PRIMARY KEY (kind, value, organisation, valid_from)
);
CREATE INDEX assets_of ON assets (organisation);
CREATE TABLE audit (
    seq      BIGINT NOT NULL PRIMARY KEY,
    at       BIGINT NOT NULL,
    actor    TEXT   NOT NULL,
    action   TEXT   NOT NULL,
    object   TEXT   NOT NULL,
    detail   TEXT   NOT NULL,
    previous TEXT   NOT NULL,
    hash     TEXT   NOT NULL
);
CREATE TABLE audit_head (
    one  BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    seq  BIGINT NOT NULL,
    hash TEXT   NOT NULL
);
CREATE TABLE counters (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
CREATE TABLE migrations (
            number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL);
CREATE TABLE organisations (
    id            TEXT   NOT NULL PRIMARY KEY,
    key           TEXT   NOT NULL UNIQUE,
    name_ja       TEXT   NOT NULL,
    name_en       TEXT   NOT NULL,
    kind          TEXT   NOT NULL,
    parent        TEXT   REFERENCES organisations (id),
    display_order BIGINT NOT NULL
);
CREATE TABLE outbox (
    seq         BIGINT NOT NULL PRIMARY KEY,
    at          BIGINT NOT NULL,
    signal      TEXT   NOT NULL,
    taken_until BIGINT
);
CREATE TABLE unowned (
    kind         TEXT   NOT NULL,
    value        TEXT   NOT NULL,
    organisation TEXT   NOT NULL REFERENCES organisations (id),
    first_at     BIGINT NOT NULL,
    last_at      BIGINT NOT NULL,
    seen         BIGINT NOT NULL,
    PRIMARY KEY (kind, value, organisation)
);
CREATE INDEX unowned_by_time ON unowned (last_at);
