"""DuckDB: a file of columns. `located.py` is where other code begins."""
