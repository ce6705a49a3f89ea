-- Which imports were undone: when, in which state they were, and how many rows were removed.

ALTER TABLE snapshots_imports ADD COLUMN undone_at TEXT;
ALTER TABLE snapshots_imports ADD COLUMN undone_state TEXT;
ALTER TABLE snapshots_imports ADD COLUMN removed INTEGER;
