"""Places that rows are sent to and that are no databases."""
