"""Publishing: what happens to loaded rows at the end of a run, as readers of the table see it."""
