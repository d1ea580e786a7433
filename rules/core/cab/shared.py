"""Stretches that several orders ask for: one treatment for all, and another for an order that came when that was done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import reduce

from msgspec.structs import replace

from rules.core.cab.codec import OnRoads
from rules.core.cab.model import Asked, Done, OrderSeen
from rules.core.winter_orders.model import Treatment


def driven_of(on: OnRoads, done: Iterable[Done]) -> dict[str, bool]:
    """Return the stretches of a plan that are treated: True wholly, False in part.

    Args:
        on: the plan on its roads.
        done: passes that count under it.
    """
    finished = {d.job for d in done}
    passes: dict[str, list[bool]] = {}
    for job in on.jobs.values():
        passes.setdefault(on.network.segments[job.segment].segment_id, []).append(job.name in finished)
    return {segment: all(found) for segment, found in passes.items() if any(found)}


def asks_more(t: Treatment, had: OrderSeen | None) -> bool:
    """Whether an order asks for what no plan was made for: it is new, or more salt, the plough, or a later start is."""
    if had is None or t.g_m2 > had.g_m2 or t.passes > had.passes or (t.plough and not had.plough):
        return True
    return t.start_s is not None and (had.start_s is None or t.start_s > had.start_s)


def one_for_all(
    wants: Sequence[Asked], new: Collection[str], before: Asked | None, driven: bool | None
) -> tuple[Asked, tuple[str, ...]]:
    """Return one treatment of a stretch, and refs of the orders that are done there: another came after them.

    Args:
        wants: what each order asks for there, oldest first.
        new: refs of orders that ask for more than the plan so far was made for.
        before: the stretch as that plan has it.
        driven: whether it is treated so: None not at all, False in part. What is treated in part is treated
            again as a whole, at the heavier rate.
    """
    later = [a for a in wants if a.ref in new]
    earlier = [a for a in wants if a.ref not in new]
    if later and earlier and driven is True:
        return reduce(_both, later), tuple(a.ref for a in earlier)
    found = reduce(_both, wants)
    if later and earlier and driven is False:
        found = replace(found, ref=later[-1].ref)
    if not later and before is not None and before.ref in {a.ref for a in wants}:
        found = replace(found, ref=before.ref)  # what is done is done under this name
    return found, ()


def _both(a: Asked, b: Asked) -> Asked:
    """Return one treatment for two orders: the heavier, under its order's name, by the earlier time, from the later on.

    Of two as heavy the newer gives its name.
    """
    heavy = b if b.g_m2 >= a.g_m2 else a
    times = [x.due_s for x in (a, b) if x.due_s is not None]
    return Asked(
        segment_id=a.segment_id, ref=heavy.ref, g_m2=heavy.g_m2, priority=min(a.priority, b.priority),
        due_s=min(times, default=None), runs=heavy.runs, plough=a.plough or b.plough, from_s=max(a.from_s, b.from_s),
    )  # fmt: skip
