"""Writes tests/data/made again."""

from tests.data_makers import write

write()
