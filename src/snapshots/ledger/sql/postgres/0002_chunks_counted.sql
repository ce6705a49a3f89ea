-- How many chunks were committed, so that a row of theirs that is lost is noticed; and why records
-- were skipped.

ALTER TABLE snapshots_imports ADD COLUMN chunks bigint;
ALTER TABLE snapshots_chunks ADD COLUMN skipped_by_code text;
