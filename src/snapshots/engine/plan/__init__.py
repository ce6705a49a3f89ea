"""The plan of an import: options, dialect, columns and table, decided once."""
