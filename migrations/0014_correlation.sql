-- Events that rules matched too late to be correlated, counted where what was read is.
ALTER TABLE imports ADD COLUMN late BIGINT NOT NULL DEFAULT 0;
ALTER TABLE intake_hours ADD COLUMN late BIGINT NOT NULL DEFAULT 0;
