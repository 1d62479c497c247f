-- Surveys: self-inspection and whatever else many people are asked. What is asked is a copy, frozen when the survey is
-- made: a catalogue may change afterwards, what people answered may not.
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

-- Its items. Those of one role in their order are that role's form; 'place' runs over all roles.
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
    evidence_en    TEXT   NOT NULL,
    PRIMARY KEY (survey, place)
);

-- The organisations that take part. The number stands for the survey and the organisation in the tables that have a row
-- for each person: two ids as text would be most of such a row.
CREATE TABLE survey_parts (
    id           BIGINT NOT NULL PRIMARY KEY,
    survey       TEXT   NOT NULL REFERENCES surveys (id),
    organisation TEXT   NOT NULL REFERENCES organisations (id),
    UNIQUE (survey, organisation)
);

-- The roster: who is asked, by the name or number their organisation knows them by. 'roles' are separated by spaces;
-- 'excluded' is the reason why somebody is not asked, 'account' who answers on the pages; both may be empty.
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

-- Forms: what one person says in one role, two bits an item as hexadecimal digits. 'answers' counts and is empty while
-- nothing does; 'draft' is what is being written. 'version' grows with each submission and withdrawal.
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

-- The counts of one organisation in one role, changed in the transaction that changes a form.
CREATE TABLE tallies (
    part     BIGINT NOT NULL REFERENCES survey_parts (id),
    role     TEXT   NOT NULL,
    targets  BIGINT NOT NULL,
    excluded BIGINT NOT NULL,
    counts   TEXT   NOT NULL,
    PRIMARY KEY (part, role)
);
