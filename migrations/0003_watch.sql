-- Detections of one rule at one organisation by one actor against one target within one window, judged.
CREATE TABLE threats (
    id              TEXT   NOT NULL PRIMARY KEY,
    number          TEXT   NOT NULL,
    organisation    TEXT   NOT NULL,
    group_key       TEXT   NOT NULL,
    shape           TEXT   NOT NULL,
    rule_id         TEXT   NOT NULL,
    title           TEXT   NOT NULL,
    level           BIGINT NOT NULL,
    techniques      TEXT   NOT NULL,
    actor           TEXT   NOT NULL,
    target          TEXT   NOT NULL,
    first_at        BIGINT NOT NULL,
    last_at         BIGINT NOT NULL,
    detections      BIGINT NOT NULL,
    observables     TEXT   NOT NULL,
    verdict         TEXT   NOT NULL,
    score           BIGINT NOT NULL,
    reasons         TEXT   NOT NULL,
    raised_at       BIGINT,
    decided_verdict TEXT,
    decided_reason  TEXT,
    decided_by      TEXT,
    decided_at      BIGINT
);
-- Which group a detection joins.
CREATE INDEX threats_by_group ON threats (group_key, last_at);
-- Lists, newest first, of everybody and of one organisation.
CREATE INDEX threats_by_time ON threats (last_at, id);
CREATE INDEX threats_of ON threats (organisation, last_at, id, verdict, level);
-- The board counts from this index alone.
CREATE INDEX threats_standing ON threats (verdict, last_at, id, organisation, level, score);
-- What began in a shift.
CREATE INDEX threats_begun ON threats (verdict, first_at, organisation, rule_id);
-- The same rule or actor elsewhere.
CREATE INDEX threats_of_rule ON threats (rule_id, last_at, organisation, verdict);
CREATE INDEX threats_of_actor ON threats (actor, last_at, rule_id, organisation);
CREATE INDEX threats_by_number ON threats (number);

-- Some detections of each threat: its first and its latest. 'rule' is the rule's id, or the indicator.
CREATE TABLE detections (
    event  TEXT   NOT NULL,
    rule   TEXT   NOT NULL,
    threat TEXT   NOT NULL REFERENCES threats (id),
    at     BIGINT NOT NULL,
    body   TEXT   NOT NULL,
    PRIMARY KEY (event, rule)
);
CREATE INDEX detections_of ON detections (threat, at);

-- One observable, several organisations.
CREATE TABLE campaigns (
    id        TEXT   NOT NULL PRIMARY KEY,
    number    TEXT   NOT NULL,
    kind      TEXT   NOT NULL,
    value     TEXT   NOT NULL,
    first_at  BIGINT NOT NULL,
    last_at   BIGINT NOT NULL,
    raised_at BIGINT NOT NULL
);
CREATE INDEX campaigns_by_value ON campaigns (kind, value, last_at);
CREATE INDEX campaigns_by_time ON campaigns (raised_at);

CREATE TABLE campaign_members (
    campaign     TEXT   NOT NULL REFERENCES campaigns (id),
    organisation TEXT   NOT NULL,
    level        BIGINT NOT NULL,
    first_at     BIGINT NOT NULL,
    last_at      BIGINT NOT NULL,
    threats      BIGINT NOT NULL,
    detections   BIGINT NOT NULL,
    PRIMARY KEY (campaign, organisation)
);
CREATE INDEX campaign_members_by_time ON campaign_members (last_at, organisation);

-- Observables of threats that mean the same thing at another organisation.
CREATE TABLE sightings (
    threat       TEXT   NOT NULL REFERENCES threats (id),
    kind         TEXT   NOT NULL,
    value        TEXT   NOT NULL,
    organisation TEXT   NOT NULL,
    first_at     BIGINT NOT NULL,
    last_at      BIGINT NOT NULL,
    seen         BIGINT NOT NULL,
    campaign     TEXT REFERENCES campaigns (id),
    PRIMARY KEY (threat, kind, value)
);
CREATE INDEX sightings_by_value ON sightings (kind, value, last_at, organisation);
CREATE INDEX sightings_of_campaign ON sightings (campaign);

-- What analysts decided, all of it; the one that stands is also in the threat.
CREATE TABLE decisions (
    seq          BIGINT NOT NULL PRIMARY KEY,
    threat       TEXT   NOT NULL REFERENCES threats (id),
    shape        TEXT   NOT NULL,
    organisation TEXT   NOT NULL,
    verdict      TEXT   NOT NULL,
    reason       TEXT   NOT NULL,
    decided_by   TEXT   NOT NULL,
    at           BIGINT NOT NULL
);
CREATE INDEX decisions_by_shape ON decisions (shape, seq);
CREATE INDEX decisions_by_time ON decisions (at, organisation);

-- On which days (Japan, counted from 1970) a rule fired at an organisation.
CREATE TABLE rule_days (
    organisation TEXT   NOT NULL,
    rule_id      TEXT   NOT NULL,
    day          BIGINT NOT NULL,
    PRIMARY KEY (organisation, rule_id, day)
);

-- How far each file was read. The row moves in the transaction that stores what was found.
CREATE TABLE imports (
    organisation TEXT   NOT NULL,
    file         TEXT   NOT NULL,
    fingerprint  TEXT   NOT NULL,
    parts        BIGINT NOT NULL,
    offset_bytes BIGINT NOT NULL,
    events       BIGINT NOT NULL,
    unread       BIGINT NOT NULL,
    detections   BIGINT NOT NULL,
    first_at     BIGINT NOT NULL,
    last_at      BIGINT NOT NULL,
    PRIMARY KEY (organisation, file, fingerprint)
);
CREATE INDEX imports_by_time ON imports (last_at);

-- What was read, by hour of the events; unread records, which have no time, by hour of reading.
CREATE TABLE intake_hours (
    hour         BIGINT NOT NULL,
    organisation TEXT   NOT NULL,
    events       BIGINT NOT NULL,
    unread       BIGINT NOT NULL,
    detections   BIGINT NOT NULL,
    PRIMARY KEY (hour, organisation)
);
CREATE INDEX intake_hours_of ON intake_hours (organisation, hour);

-- Since when and until when each organisation was heard.
CREATE TABLE intake_heard (
    organisation   TEXT   NOT NULL PRIMARY KEY,
    first_event_at BIGINT NOT NULL,
    last_event_at  BIGINT NOT NULL
);

-- Records that could not be read: the first of each file; 'imports' has the full count.
CREATE TABLE unread (
    seq          BIGINT NOT NULL PRIMARY KEY,
    at           BIGINT NOT NULL,
    organisation TEXT   NOT NULL,
    file         TEXT   NOT NULL,
    offset_bytes BIGINT NOT NULL,
    line         BIGINT NOT NULL,
    reason       TEXT   NOT NULL,
    beginning    TEXT   NOT NULL
);
CREATE INDEX unread_of ON unread (organisation, seq);
