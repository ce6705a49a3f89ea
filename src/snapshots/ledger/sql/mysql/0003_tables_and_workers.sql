-- Which tables imports have created; imports that had nothing to load, because another one has
-- loaded their bytes, and what is to be said of that; workers that died of an import.

ALTER TABLE snapshots_imports ADD COLUMN created_table text,
    ADD KEY snapshots_imports_created_table (created_table(64));
-- Metrics read all that they need of finished imports in the key.
ALTER TABLE snapshots_imports ADD COLUMN same_as bigint,
    ADD KEY snapshots_imports_ended (kind, state, same_as, finished_at);
ALTER TABLE snapshots_imports ADD COLUMN note text;
ALTER TABLE snapshots_imports ADD COLUMN workers_lost bigint NOT NULL DEFAULT 0;
