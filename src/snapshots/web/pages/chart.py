"""Computes the two plots of an import: rows a second, and its chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.web.pages.formatting import clock, count, size, span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ledger.timeline import ChunkGroup

WIDTH, HEIGHT = 600, 160
"""The size of the drawing; a browser scales it."""
_COLUMNS = 120
_SLIVER = 2.0
"""The least width that is drawn, so that everything can be seen."""
_DIRTY = 0.01
"""The share of rejects from which on chunks stand out."""
_LEAST = 3
"""The least number of groups that make a picture."""
_BREAK_SECONDS = 5.0
"""A longer time without work is cut out; a dashed line marks it."""


class ChunkBar(Struct, frozen=True):
    """Some chunks: when they were loaded, and which part of the input they are."""

    x: float
    y: float
    width: float
    height: float
    dirty: bool
    title: str


class ImportChart(Struct, frozen=True):
    """Paths and figures for the template."""

    width: int
    height: int
    grid: str
    line: str
    area: str
    breaks: str
    bars: list[ChunkBar]
    began: float
    ended: float
    top: float
    """The rows a second at the upper edge."""
    peak: float
    mean: float
    """The mean rows a second, over the time that was worked."""
    chunks: int
    worked: float
    """The seconds that were worked, without breaks."""
    bytes: int


def chart(groups: Sequence[ChunkGroup]) -> ImportChart | None:
    """Returns the plots of an import; None as long as there is too little to draw."""
    if len(groups) < _LEAST:
        return None
    time = _Time(groups)
    rates = _rates(groups, time)
    top = _round_up(max(rates))
    points = [
        (WIDTH * (n + 0.5) / _COLUMNS, HEIGHT * (1 - rate / top)) for n, rate in enumerate(rates)
    ]
    points = [(0.0, points[0][1]), *points, (float(WIDTH), points[-1][1])]
    line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    total = max(group.end for group in groups)
    return ImportChart(
        width=WIDTH,
        height=HEIGHT,
        grid="".join(f"M0 {y}H{WIDTH}" for y in (0, HEIGHT // 2, HEIGHT)),
        line=line,
        area=f"{line}V{HEIGHT}H0Z",
        breaks="".join(f"M{time.x(at):.1f} 0V{HEIGHT}" for at in time.breaks),
        bars=[_bar(group, time, total) for group in groups],
        began=time.began,
        ended=time.ended,
        top=top,
        peak=max(rates),
        mean=sum(group.records for group in groups) / time.worked,
        chunks=sum(group.chunks for group in groups),
        worked=time.worked,
        bytes=total,
    )


class _Time:
    """Maps times to the axis; breaks take no width there."""

    def __init__(self, groups: Sequence[ChunkGroup]) -> None:
        self.breaks: list[float] = []
        self.began = reached = min(group.began for group in groups)
        self._idle: list[tuple[float, float]] = []
        for group in sorted(groups, key=lambda group: group.began):
            if group.began - reached > _BREAK_SECONDS:
                self.breaks.append(group.began)
                self._idle.append((group.began, group.began - reached))
            reached = max(reached, group.ended)
        self.ended = reached
        idle = sum(seconds for _, seconds in self._idle)
        self.worked = max(reached - self.began - idle, 0.001)

    def x(self, at: float) -> float:
        """Returns the position of a time."""
        idle = sum(seconds for start, seconds in self._idle if at >= start)
        return min(max((at - self.began - idle) / self.worked, 0), 1) * WIDTH


def _rates(groups: Sequence[ChunkGroup], time: _Time) -> list[float]:
    """Returns the rows a second in each column, as if those of a chunk came evenly while it was
    loaded."""
    rows = [0.0] * _COLUMNS
    step = WIDTH / _COLUMNS
    for group in groups:
        right = time.x(group.ended)
        left = min(time.x(group.began), right - step)
        for column in range(max(int(left / step), 0), min(int(right / step) + 1, _COLUMNS)):
            inside = min(right, (column + 1) * step) - max(left, column * step)
            rows[column] += group.records * max(inside, 0) / (right - left)
    return [number / (time.worked / _COLUMNS) for number in rows]


def _bar(group: ChunkGroup, time: _Time, total: int) -> ChunkBar:
    left, right = time.x(group.began), time.x(group.ended)
    y = HEIGHT * (1 - group.end / total)
    height = max(HEIGHT * (group.end - group.start) / total, _SLIVER)
    many = f"{count(group.chunks)} chunks" if group.chunks > 1 else "chunk"
    rejected = f", {count(group.rejected)} rejected" if group.rejected else ""
    return ChunkBar(
        x=round(min(left, WIDTH - _SLIVER), 1),
        y=round(y, 1),
        width=round(max(right - left, _SLIVER), 1),
        height=round(height, 1),
        dirty=group.rejected >= _DIRTY * group.records > 0,
        title=f"{clock(group.ended)}: {many} at {size(group.start)} to {size(group.end)},"
        f" {count(group.records)} records{rejected}, {span(group.ended - group.began)}",
    )


def _round_up(number: float) -> float:
    """Rounds up to a figure that reads well on an axis."""
    power = 1.0
    while power * 10 <= number:
        power *= 10
    return next((power * n for n in (1, 1.5, 2, 3, 4, 5, 6, 8) if power * n >= number), power * 10)
