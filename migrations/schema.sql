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
CREATE TABLE account_identities (
    issuer  TEXT NOT NULL,
    subject TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX account_identities_by_account ON account_identities (account);
CREATE TABLE account_passkeys (
    id         TEXT   NOT NULL PRIMARY KEY,
    account    TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    credential TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX account_passkeys_by_account ON account_passkeys (account);
CREATE TABLE account_passwords (
    account    TEXT   NOT NULL PRIMARY KEY,
    hash       TEXT   NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE TABLE account_recovery (
    account TEXT NOT NULL,
    digest  TEXT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (account, digest)
);
CREATE TABLE account_totp (
    account      TEXT   NOT NULL PRIMARY KEY,
    secret       TEXT   NOT NULL,
    confirmed_at BIGINT,
    last_step    BIGINT NOT NULL
);
CREATE TABLE accounts (
    id         TEXT   NOT NULL PRIMARY KEY,
    login      TEXT   NOT NULL UNIQUE,
    name       TEXT   NOT NULL,
    language   TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    signed_in_at BIGINT
);
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
CREATE INDEX audit_by_time ON audit (at, seq);
CREATE TABLE audit_concerns (
    seq          BIGINT NOT NULL,
    organisation TEXT   NOT NULL,
    degree       BIGINT NOT NULL,
    PRIMARY KEY (seq, organisation)
);
CREATE INDEX audit_concerns_by_degree ON audit_concerns (degree, seq);
CREATE INDEX audit_concerns_by_organisation ON audit_concerns (organisation, seq);
CREATE TABLE audit_head (
    one  BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    seq  BIGINT NOT NULL,
    hash TEXT   NOT NULL
);
CREATE TABLE audit_marks (
    kind  TEXT   NOT NULL PRIMARY KEY,
    at    BIGINT NOT NULL,
    seq   BIGINT NOT NULL,
    hash  TEXT   NOT NULL,
    sound BIGINT NOT NULL
);
CREATE TABLE audit_personal (
    seq     BIGINT NOT NULL PRIMARY KEY,
    subject TEXT   NOT NULL,
    key     TEXT   NOT NULL,
    text    TEXT   NOT NULL
);
CREATE INDEX audit_personal_by_subject ON audit_personal (subject, seq);
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
CREATE TABLE campaigns (
    id        TEXT   NOT NULL PRIMARY KEY,
    number    TEXT   NOT NULL,
    kind      TEXT   NOT NULL,
    value     TEXT   NOT NULL,
    first_at  BIGINT NOT NULL,
    last_at   BIGINT NOT NULL,
    raised_at BIGINT NOT NULL
, tlp TEXT NOT NULL DEFAULT 'TLP:AMBER');
CREATE INDEX campaigns_by_time ON campaigns (raised_at);
CREATE INDEX campaigns_by_value ON campaigns (kind, value, last_at);
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
CREATE TABLE contact_confirmations (
    digest   TEXT   NOT NULL PRIMARY KEY,
    contact  TEXT   NOT NULL REFERENCES contacts (id),
    asked_by TEXT   NOT NULL,
    ends_at  BIGINT NOT NULL
);
CREATE INDEX contact_confirmations_of ON contact_confirmations (contact);
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
CREATE INDEX contacts_of ON contacts (organisation, valid_from, valid_until);
CREATE TABLE counters (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
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
CREATE TABLE detections (
    event  TEXT   NOT NULL,
    rule   TEXT   NOT NULL,
    threat TEXT   NOT NULL REFERENCES threats (id),
    at     BIGINT NOT NULL,
    body   TEXT   NOT NULL,
    PRIMARY KEY (event, rule)
);
CREATE INDEX detections_of ON detections (threat, at);
CREATE TABLE finding_steps (
    finding    TEXT   NOT NULL REFERENCES findings (id),
    place      BIGINT NOT NULL,
    act        TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    actor      TEXT   NOT NULL,
    actor_name TEXT   NOT NULL,
    words      TEXT   NOT NULL,
    evidence   TEXT   NOT NULL,
    PRIMARY KEY (finding, place)
);
CREATE TABLE findings (
    id           TEXT   NOT NULL PRIMARY KEY,
    number       TEXT   NOT NULL,
    organisation TEXT   NOT NULL REFERENCES organisations (id),
    source       TEXT   NOT NULL,
    about        TEXT   NOT NULL,
    title_ja     TEXT   NOT NULL,
    title_en     TEXT   NOT NULL,
    gravity      TEXT   NOT NULL,
    state        TEXT   NOT NULL,
    owner        TEXT   NOT NULL,
    due          TEXT   NOT NULL,
    raised_at    BIGINT NOT NULL,
    closed_at    BIGINT,
    answered_by  TEXT   NOT NULL,
    few          BIGINT NOT NULL
);
CREATE INDEX findings_by_due ON findings (due, id);
CREATE INDEX findings_by_source ON findings (source, about);
CREATE INDEX findings_of ON findings (organisation, state, due);
CREATE TABLE forms (
    part    BIGINT NOT NULL,
    person  TEXT   NOT NULL,
    role    TEXT   NOT NULL,
    version BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    answers TEXT   NOT NULL,
    draft   TEXT   NOT NULL,
    PRIMARY KEY (part, person, role),
    FOREIGN KEY (part, person) REFERENCES respondents (part, person)
);
CREATE INDEX forms_withdrawn ON forms (part) WHERE answers = '' AND version > 0;
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
    last_at      BIGINT NOT NULL, late BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (organisation, file, fingerprint)
);
CREATE INDEX imports_by_time ON imports (last_at);
CREATE TABLE intake_heard (
    organisation   TEXT   NOT NULL PRIMARY KEY,
    first_event_at BIGINT NOT NULL,
    last_event_at  BIGINT NOT NULL
);
CREATE TABLE intake_hours (
    hour         BIGINT NOT NULL,
    organisation TEXT   NOT NULL,
    events       BIGINT NOT NULL,
    unread       BIGINT NOT NULL,
    detections   BIGINT NOT NULL, late BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (hour, organisation)
);
CREATE INDEX intake_hours_of ON intake_hours (organisation, hour);
CREATE TABLE invitations (
    digest     TEXT   NOT NULL PRIMARY KEY,
    account    TEXT,
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL,
    ends_at    BIGINT NOT NULL
);
CREATE INDEX invitations_by_account ON invitations (account);
CREATE TABLE migrations (
            number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL);
CREATE TABLE once (
    account     TEXT   NOT NULL REFERENCES accounts (id),
    key         TEXT   NOT NULL,
    fingerprint TEXT   NOT NULL,
    answer      TEXT   NOT NULL,
    ends_at     BIGINT NOT NULL,
    PRIMARY KEY (account, key)
);
CREATE INDEX once_by_end ON once (ends_at);
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
CREATE INDEX people_of ON people (organisation, valid_from, valid_until);
CREATE TABLE respondent_links (
    digest TEXT   NOT NULL PRIMARY KEY,
    part   BIGINT NOT NULL,
    person TEXT   NOT NULL,
    UNIQUE (part, person),
    FOREIGN KEY (part, person) REFERENCES respondents (part, person)
);
CREATE TABLE respondents (
    part     BIGINT NOT NULL REFERENCES survey_parts (id),
    person   TEXT   NOT NULL,
    roles    TEXT   NOT NULL,
    section  TEXT   NOT NULL,
    account  TEXT   NOT NULL,
    language TEXT   NOT NULL,
    excluded TEXT   NOT NULL,
    PRIMARY KEY (part, person)
);
CREATE INDEX respondents_by_account ON respondents (account) WHERE account <> '';
CREATE TABLE rule_days (
    organisation TEXT   NOT NULL,
    rule_id      TEXT   NOT NULL,
    day          BIGINT NOT NULL,
    PRIMARY KEY (organisation, rule_id, day)
);
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
CREATE INDEX servers_of ON servers (organisation, kind, valid_from, valid_until, system);
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
CREATE TABLE sign_in_steps (
    digest  TEXT   NOT NULL PRIMARY KEY,
    account TEXT,
    kind    TEXT   NOT NULL,
    state   TEXT   NOT NULL,
    tries   BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX sign_in_steps_by_end ON sign_in_steps (ends_at);
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
CREATE INDEX software_of ON software (organisation, valid_from, valid_until, system);
CREATE TABLE survey_items (
    survey         TEXT   NOT NULL REFERENCES surveys (id),
    place          BIGINT NOT NULL,
    reference      TEXT   NOT NULL,
    role           TEXT   NOT NULL,
    priority       BIGINT NOT NULL,
    nist           TEXT   NOT NULL,
    title_ja       TEXT   NOT NULL,
    title_en       TEXT   NOT NULL,
    explanation_ja TEXT   NOT NULL,
    explanation_en TEXT   NOT NULL,
    evidence_ja    TEXT   NOT NULL,
    evidence_en    TEXT   NOT NULL, clause_ja TEXT NOT NULL DEFAULT '', clause_en TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (survey, place)
);
CREATE TABLE survey_parts (
    id           BIGINT NOT NULL PRIMARY KEY,
    survey       TEXT   NOT NULL REFERENCES surveys (id),
    organisation TEXT   NOT NULL REFERENCES organisations (id),
    UNIQUE (survey, organisation)
);
CREATE TABLE surveys (
    id            TEXT   NOT NULL PRIMARY KEY,
    kind          TEXT   NOT NULL,
    title_ja      TEXT   NOT NULL,
    title_en      TEXT   NOT NULL,
    edition       TEXT   NOT NULL,
    variant       TEXT   NOT NULL,
    reference_day TEXT   NOT NULL,
    opens_at      BIGINT NOT NULL,
    closes_at     BIGINT NOT NULL,
    state         TEXT   NOT NULL,
    made_at       BIGINT NOT NULL
);
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
CREATE INDEX systems_of ON systems (organisation, valid_from, valid_until, confidentiality);
CREATE TABLE tallies (
    part     BIGINT NOT NULL REFERENCES survey_parts (id),
    role     TEXT   NOT NULL,
    targets  BIGINT NOT NULL,
    excluded BIGINT NOT NULL,
    counts   TEXT   NOT NULL,
    PRIMARY KEY (part, role)
);
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
CREATE INDEX threats_begun ON threats (verdict, first_at, organisation, rule_id);
CREATE INDEX threats_by_group ON threats (group_key, last_at);
CREATE INDEX threats_by_number ON threats (number);
CREATE INDEX threats_by_time ON threats (last_at, id);
CREATE INDEX threats_of ON threats (organisation, last_at, id, verdict, level);
CREATE INDEX threats_of_actor ON threats (actor, last_at, rule_id, organisation);
CREATE INDEX threats_of_rule ON threats (rule_id, last_at, organisation, verdict);
CREATE INDEX threats_standing ON threats (verdict, last_at, id, organisation, level, score);
CREATE TABLE tokens (
    digest       TEXT   NOT NULL PRIMARY KEY,
    id           TEXT   NOT NULL UNIQUE,
    account      TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    rights       TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    ends_at      BIGINT NOT NULL,
    used_at      BIGINT
, strong BIGINT NOT NULL DEFAULT 0);
CREATE INDEX tokens_by_account ON tokens (account, ends_at);
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
