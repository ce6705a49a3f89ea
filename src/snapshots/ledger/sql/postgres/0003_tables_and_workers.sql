-- Which tables imports have created; imports that had nothing to load, because another one has
-- loaded their bytes, and what is to be said of that; workers that died of an import.

ALTER TABLE snapshots_imports ADD COLUMN created_table text;
ALTER TABLE snapshots_imports ADD COLUMN same_as bigint;
ALTER TABLE snapshots_imports ADD COLUMN note text;
ALTER TABLE snapshots_imports ADD COLUMN workers_lost bigint NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS snapshots_imports_created_table ON snapshots_imports (created_table)
    WHERE created_table IS NOT NULL;
-- Metrics read all that they need of finished imports here.
CREATE INDEX IF NOT EXISTS snapshots_imports_ended
    ON snapshots_imports (kind, state, same_as, finished_at);
