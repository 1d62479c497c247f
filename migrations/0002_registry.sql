-- Organisations: a tree. 'key' is the short name people type; it is never given to another.
CREATE TABLE organisations (
    id            TEXT   NOT NULL PRIMARY KEY,
    key           TEXT   NOT NULL UNIQUE,
    name_ja       TEXT   NOT NULL,
    name_en       TEXT   NOT NULL,
    kind          TEXT   NOT NULL,
    parent        TEXT   REFERENCES organisations (id),
    display_order BIGINT NOT NULL
);

-- What they own, from the first to the last day (Japan), both included.
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

-- Observables at an organisation that nobody owns: a queue for whoever keeps the registry.
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
