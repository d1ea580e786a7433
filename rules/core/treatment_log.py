"""What a step has found to be spread, and what it takes back: lines of a log that outlives the engine's memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from rules.core.memory import TreatedMemory
from rules.core.treatment import Pass

NONE = TreatedMemory()


class PassLine(msgspec.Struct, frozen=True):
    """A pass over a segment: ``driven``, or ``taken_back`` since a late report of the gritter tells otherwise."""

    what: Literal["driven", "taken_back"]
    segment_id: str
    one: Pass


def pass_lines(
    before: Mapping[str, TreatedMemory], after: Mapping[str, TreatedMemory], kept_s: float
) -> tuple[PassLine, ...]:
    """Return what became of the passes in a step; what was forgotten for its age has no line.

    Args:
        before: the memory of what was treated, by segment, before the step.
        after: and after it.
        kept_s: age [s], by the newest pass over the segment, at which a pass is forgotten.
    """
    if before is after:
        return ()
    return tuple(
        line
        for segment, memory in after.items()
        if (old := before.get(segment, NONE)) is not memory
        for line in _of_segment(segment, old.passes, memory.passes, kept_s)
    )


def _of_segment(
    segment: str, before: tuple[Pass, ...], after: tuple[Pass, ...], kept_s: float
) -> Iterable[PassLine]:
    new = [p for p in after if p not in before]
    forgotten_s = max((p.at_s for p in new), default=float("-inf")) - kept_s
    for p in before:
        if p not in after and p.at_s > forgotten_s:
            yield PassLine("taken_back", segment, p)
    for p in new:
        yield PassLine("driven", segment, p)


def standing(lines: Iterable[PassLine]) -> dict[str, TreatedMemory]:
    """Return the passes that were not taken back, by segment in order of time; ``lines`` in the order of the log."""
    found: dict[str, list[Pass]] = {}
    for line in lines:
        passes = found.setdefault(line.segment_id, [])
        if line.what == "driven":
            passes.append(line.one)
        elif line.one in passes:
            passes.remove(line.one)
    return {segment: TreatedMemory(tuple(sorted(passes))) for segment, passes in found.items() if passes}
