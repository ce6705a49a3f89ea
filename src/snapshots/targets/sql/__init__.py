"""What SQL databases have in common: statements, pages of rows, transactions, and `SqlTarget`."""
