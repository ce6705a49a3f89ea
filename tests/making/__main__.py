"""Writes tests/data/made again."""

from tests.making import write

write()
