-- Whose lines of the audit trail are: what readers are narrowed by. The chain holds the same in each line's detail, and
-- verifying compares the two. A line without any is the centre's own; so are those written before this table was.
CREATE TABLE audit_concerns (
    seq          BIGINT NOT NULL,
    organisation TEXT   NOT NULL,
    degree       BIGINT NOT NULL,
    PRIMARY KEY (seq, organisation)
);
CREATE INDEX audit_concerns_by_organisation ON audit_concerns (organisation, seq);
CREATE INDEX audit_concerns_by_degree ON audit_concerns (degree, seq);
CREATE INDEX audit_by_time ON audit (at, seq);

-- When the chain was last verified, and when its head was last kept elsewhere: 'verified' and 'anchored'.
CREATE TABLE audit_marks (
    kind  TEXT   NOT NULL PRIMARY KEY,
    at    BIGINT NOT NULL,
    seq   BIGINT NOT NULL,
    hash  TEXT   NOT NULL,
    sound BIGINT NOT NULL
);
