-- Findings: what inspections, audits, scans and incidents leave to be fixed. 'about' is what the source says it is about;
-- 'owner' is the person or post that fixes it, and may be empty while nobody is named. 'answered_by' is whoever gave the
-- answer that stands, as the audit trail names them: they do not verify it. 'few' is 1 where it would tell what single people
-- answered.
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
CREATE INDEX findings_of ON findings (organisation, state, due);
CREATE INDEX findings_by_due ON findings (due, id);
CREATE INDEX findings_by_source ON findings (source, about);

-- What became of each, in order: raised, given to somebody, answered, verified, closed, reopened. 'evidence' is where what
-- is said can be seen.
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
