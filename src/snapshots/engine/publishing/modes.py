"""The modes of an import, and what publishes the rows of each. There is one today, `append`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.publishing.append import AppendPublisher

if TYPE_CHECKING:
    from snapshots.engine.plan.plan import Plan
    from snapshots.engine.publishing.publisher import Publisher


def publisher_for(_plan: Plan) -> Publisher:
    """The publisher of a plan's mode."""
    return AppendPublisher()
