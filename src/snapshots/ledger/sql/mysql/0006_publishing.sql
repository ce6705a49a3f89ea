-- What an import has done to its table: how its rows were published, and which rows came and went.
-- `stage` names the table in which its rows wait, from before it is made until it is dropped.

ALTER TABLE snapshots_imports ADD COLUMN mode varchar(20);
ALTER TABLE snapshots_imports ADD COLUMN stage text;
ALTER TABLE snapshots_imports ADD COLUMN inserted bigint;
ALTER TABLE snapshots_imports ADD COLUMN updated bigint;
ALTER TABLE snapshots_imports ADD COLUMN unchanged bigint;
ALTER TABLE snapshots_imports ADD COLUMN deleted bigint;
ALTER TABLE snapshots_imports ADD COLUMN kept bigint;
ALTER TABLE snapshots_imports ADD COLUMN removed bigint;
ALTER TABLE snapshots_imports ADD COLUMN as_of varchar(40);
