-- Indexes that answer what the registry counts without a look at the rows: which system a server and a software belong
-- to stands beside the days on which they were there.
DROP INDEX servers_of;
CREATE INDEX servers_of ON servers (organisation, kind, valid_from, valid_until, system);
DROP INDEX software_of;
CREATE INDEX software_of ON software (organisation, valid_from, valid_until, system);
CREATE INDEX contacts_of ON contacts (organisation, valid_from, valid_until);
CREATE INDEX systems_of ON systems (organisation, valid_from, valid_until, confidentiality);
