"""How an input will be loaded: options, dialect, columns and the table, decided once."""
