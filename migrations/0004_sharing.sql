-- How far a campaign may be told (TLP 2.0). AMBER: those it hit know of it, and are not told who the others are.
ALTER TABLE campaigns ADD COLUMN tlp TEXT NOT NULL DEFAULT 'TLP:AMBER';
