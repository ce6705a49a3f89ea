-- What an import has done to its table: how its rows were published, and which rows came and went.
-- `stage` names the table in which its rows wait, from before it is made until it is dropped.
-- `removed` and the last two: how many rows undoing it has removed, when, and its state before.

ALTER TABLE snapshots_imports ADD COLUMN mode varchar(20);
ALTER TABLE snapshots_imports ADD COLUMN stage text;
ALTER TABLE snapshots_imports ADD COLUMN inserted bigint;
ALTER TABLE snapshots_imports ADD COLUMN updated bigint;
ALTER TABLE snapshots_imports ADD COLUMN unchanged bigint;
ALTER TABLE snapshots_imports ADD COLUMN deleted bigint;
ALTER TABLE snapshots_imports ADD COLUMN kept bigint;
ALTER TABLE snapshots_imports ADD COLUMN removed bigint;
ALTER TABLE snapshots_imports ADD COLUMN as_of varchar(40);
ALTER TABLE snapshots_imports ADD COLUMN undone_at char(24);
ALTER TABLE snapshots_imports ADD COLUMN undone_state varchar(16);

-- An import of what an input has gained since its last import: which one it continues, and the first
-- one of all that load parts of that input.

ALTER TABLE snapshots_imports ADD COLUMN continues bigint;
ALTER TABLE snapshots_imports ADD COLUMN first_part bigint,
    ADD KEY snapshots_imports_first_part (first_part);
