-- The numbers of imports come from a sequence, so that an import which loads its rows keeps no other
-- one from its number.

CREATE SEQUENCE IF NOT EXISTS snapshots_imports_id AS bigint OWNED BY snapshots_imports.id;
-- It goes on behind every number that the ledger holds; run again it never goes back.
SELECT setval('snapshots_imports_id', largest) FROM (
    SELECT GREATEST(
        (SELECT MAX(id) FROM snapshots_imports), (SELECT MAX(import_id) FROM snapshots_chunks),
        (SELECT MAX(import_id) FROM snapshots_rejects)
    ) AS largest
) AS held WHERE largest >= (SELECT last_value FROM snapshots_imports_id);
