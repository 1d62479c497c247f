-- Counting people and software of an organisation on a day without reading each of them.
CREATE INDEX people_of ON people (organisation, valid_from, valid_until);
CREATE INDEX software_of ON software (organisation, valid_from, valid_until);
