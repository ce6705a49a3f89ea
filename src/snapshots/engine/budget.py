"""How many rejects an import may have before it stops."""

from __future__ import annotations

from dataclasses import dataclass

from snapshots.errors import UsageError
from snapshots.model import Counts

JUDGED_FROM = 1000
"""Records. Below it a share says little, and one bad record of three would stop an import."""


@dataclass(frozen=True, slots=True)
class Budget:
    """At most so many rejects, or at most such a share of the records read so far."""

    count: int | None = None
    share: float | None = 0.10

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Reads `N` or `P%`. Raises UsageError."""
        number = text.strip()
        try:
            if number.endswith("%"):
                share = float(number[:-1]) / 100
                if not 0 <= share <= 1:
                    raise ValueError
                return cls(share=share)
            count = int(number)
            if count < 0:
                raise ValueError
            return cls(count=count, share=None)
        except ValueError:
            raise UsageError(
                f"--max-rejects {text!r} is neither a number of records nor a percentage",
                hint="for instance --max-rejects 100 or --max-rejects 5%",
            ) from None

    def exceeded(self, counts: Counts) -> bool:
        """Whether an import with these counts so far must stop."""
        if self.count is not None and counts.rejected > self.count:
            return True
        return (
            self.share is not None
            and counts.records >= JUDGED_FROM
            and counts.rejected > self.share * counts.records
        )

    def __str__(self) -> str:
        return str(self.count) if self.count is not None else f"{100 * (self.share or 0):g}%"
