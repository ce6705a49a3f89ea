-- The numbers of imports come from the table's own counter, so that an import which loads its rows
-- keeps no other one from its number.

ALTER TABLE snapshots_imports MODIFY id bigint NOT NULL AUTO_INCREMENT;
