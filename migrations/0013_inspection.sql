-- Surveys as people meet them. An item stands under a clause of its standard, and forms and tables group by it.
ALTER TABLE survey_items ADD COLUMN clause_ja TEXT NOT NULL DEFAULT '';
ALTER TABLE survey_items ADD COLUMN clause_en TEXT NOT NULL DEFAULT '';

-- Personal links, with which somebody answers who has no account: one for each person, only its digest. It works until
-- the survey closes.
CREATE TABLE respondent_links (
    digest TEXT   NOT NULL PRIMARY KEY,
    part   BIGINT NOT NULL,
    person TEXT   NOT NULL,
    UNIQUE (part, person),
    FOREIGN KEY (part, person) REFERENCES respondents (part, person)
);

-- Forms that were taken back: few among many, and counted on every page about progress.
CREATE INDEX forms_withdrawn ON forms (part) WHERE answers = '' AND version > 0;
