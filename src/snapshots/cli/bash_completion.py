"""Completion in bash of command lines that have a colon, as `--database localhost:5432` has."""

from __future__ import annotations

import os

from click.shell_completion import BashComplete, add_completion_class, split_arg_string


class WholeWords(BashComplete):
    """Puts together what bash takes apart: to it a colon is a word, and so is what follows it."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor, and the one that is begun."""
        given = split_arg_string(os.environ["COMP_WORDS"])
        place = int(os.environ["COMP_CWORD"])
        begun = given[place] if place < len(given) else ""
        words = joined_at_colons([*given[:place], begun])
        return words[1:-1], words[-1]


def joined_at_colons(words: list[str]) -> list[str]:
    """The words as the user typed them.

    >>> joined_at_colons(["snapshots", "--database", "localhost", ":", "5432", "li"])
    ['snapshots', '--database', 'localhost:5432', 'li']
    """
    found: list[str] = []
    for word in words:
        if found and word and (word.strip(":") == "" or found[-1].endswith(":")):
            found[-1] += word
        else:
            found.append(word)
    return found


def register() -> None:
    """Makes click use it for bash."""
    add_completion_class(WholeWords, "bash")
