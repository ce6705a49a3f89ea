"""The modes of an import, and what publishes the rows of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snapshots.engine.plan.options import Options
    from snapshots.engine.plan.plan import Plan
    from snapshots.engine.publishing.publisher import Publisher


def publisher_for(plan: Plan, options: Options) -> Publisher:
    """The publisher of a plan's mode."""
    if plan.stage and plan.loads:
        from snapshots.engine.publishing.staged import StagePublisher

        return StagePublisher(options)
    from snapshots.engine.publishing.append import AppendPublisher

    return AppendPublisher()
