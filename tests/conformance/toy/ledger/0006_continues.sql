-- Which import an import continues, and the first part of its input.

ALTER TABLE snapshots_imports ADD COLUMN continues BIGINT;
ALTER TABLE snapshots_imports ADD COLUMN first_part BIGINT;
