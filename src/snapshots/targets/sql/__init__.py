"""What SQL databases have in common: statements, pages of rows and transactions."""
