"""Runs: an import is begun or resumed, carried out and concluded; also without writing."""
