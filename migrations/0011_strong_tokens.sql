-- Whether a token was made by somebody who had shown more than one thing: only then roles of the centre count in it,
-- as in the session it was made in. Tokens made before are taken for made with a password alone.
ALTER TABLE tokens ADD COLUMN strong BIGINT NOT NULL DEFAULT 0;
