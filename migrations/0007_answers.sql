-- Changes that were asked for with a key, so that asking twice does them once. 'answer' is sealed with the
-- installation's key; empty while the change is under way, or when nobody can say how it ended.
CREATE TABLE once (
    account     TEXT   NOT NULL REFERENCES accounts (id),
    key         TEXT   NOT NULL,
    fingerprint TEXT   NOT NULL,
    answer      TEXT   NOT NULL,
    ends_at     BIGINT NOT NULL,
    PRIMARY KEY (account, key)
);
CREATE INDEX once_by_end ON once (ends_at);
