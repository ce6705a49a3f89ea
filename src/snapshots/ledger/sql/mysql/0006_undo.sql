-- Which imports were undone: when, in which state they were, and how many rows were removed.

ALTER TABLE snapshots_imports ADD COLUMN undone_at char(24);
ALTER TABLE snapshots_imports ADD COLUMN undone_state varchar(16);
ALTER TABLE snapshots_imports ADD COLUMN removed bigint;
