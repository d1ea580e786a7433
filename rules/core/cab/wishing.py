"""What is to be planned: the first time of a night, and again when something has happened."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from msgspec.structs import replace as with_

from devices.registry import Registry
from rules.core.cab.codec import wanted_of
from rules.core.cab.going_on import Rest
from rules.core.cab.making import Wish
from rules.core.cab.model import Plan, Start
from rules.core.cab.standing import standing_of
from rules.core.cab.still_done import still_done
from rules.core.cab.tonight import Tonight
from rules.core.closing.hours import Later
from rules.core.fleet.jobs import jobs_of
from rules.core.fleet.roster import Roster, fleet_of, settings_of
from rules.core.network.network import Network

GONE = "not on the roster"
"""Why a lorry is out that a plan had and the roster has no longer."""


@dataclass(frozen=True)
class Means:
    """What a night is planned with: roads, lorries, those out of service and why, the search; what closes later."""

    registry: Registry
    network: Network
    roster: Roster
    out: Mapping[str, str]
    seed: int
    iterations: int
    closing: Mapping[str, Later] = field(default_factory=dict)

    def without_gone(self, before: Plan) -> Means:
        """Return the means with the lorries of a plan that the roster has no longer out of service."""
        names = {e.id for e in self.roster.lorry}
        gone = {s.lorry: GONE for s in before.contents.fleet if s.lorry not in names | set(self.out)}
        return replace(self, out={**self.out, **gone})

    def as_written(self, starts: Iterable[Start]) -> Iterator[Start]:
        """Yield lorries on the road with load, hours and device as the roster has them now."""
        of = {v.lorry: v for v in self.starts()}
        for s in starts:
            now = of.get(s.lorry, s)
            yield with_(
                s, device=now.device, capacity_kg=now.capacity_kg, until_s=now.until_s,
                on_board_kg=min(s.on_board_kg, now.capacity_kg),
            )  # fmt: skip

    def starts(self, without: Collection[str] = (), from_s: float = 0.0) -> tuple[Start, ...]:
        """Return the roster's lorries in service at their depots, full, from a time on [s]."""
        fleet = fleet_of(self.roster, self.network, self.registry.depots)
        return tuple(
            Start(
                lorry=v.lorry_id, device=e.reports_as, depot=self.network.nodes[v.depot].node_id,
                capacity_kg=v.capacity_kg, on_board_kg=v.capacity_kg, from_s=max(from_s, v.from_s),
                until_s=None if math.isinf(v.until_s) else v.until_s,
            )
            for e, v in zip(self.roster.lorry, fleet.lorries, strict=True)
            if e.id not in self.out and e.id not in without
        )  # fmt: skip

    @property
    def barns(self) -> tuple[int, ...]:
        """Numbers of the nodes with salt."""
        fleet = fleet_of(self.roster, self.network, self.registry.depots)
        return tuple(self.network.nodes[n].node_id for n in fleet.barns)


def first(means: Means, asked: Tonight, last: Plan | None) -> Wish:
    """Return what is to be planned for a night that has no plan.

    Args:
        means: with what.
        asked: by the orders that stand.
        last: plan of the night before, whose routes lorries know.

    Raises:
        ValueError: the roster does not fit the roads, or an order names a stretch that is none.
    """
    settings = settings_of(means.roster)
    jobs = jobs_of(means.network, wanted_of(asked.asked), settings)
    lorries = [e for e in means.roster.lorry if e.id not in means.out]
    return Wish(
        network=means.network, start_s=asked.start_s, asked=asked.asked, starts=means.starts(), barns=means.barns,
        settings=settings, standing=standing_of(means.network, means.registry, jobs, lorries, last),
        orders=asked.orders, waiting=asked.waiting, later=asked.later, later_acts=asked.later_acts, out=means.out,
        standing_plan=None if last is None else last.version, notes=tuple(_notes(asked)), seed=means.seed,
        iterations=means.iterations, closing=means.closing,
    )  # fmt: skip


def again(means: Means, before: Plan, rest: Rest, now_s: float, asked: Tonight | None) -> Wish:
    """Return what is to be planned of a night that goes on.

    Args:
        means: with what.
        before: the plan so far.
        rest: what is left of it.
        now_s: [s after the start of the plan].
        asked: by the orders as they stand now; None: as the plan so far has them.

    Raises:
        ValueError: as :func:`first`.
    """
    c, settings = before.contents, settings_of(means.roster)
    stretches = c.asked if asked is None else asked.asked
    jobs = jobs_of(means.network, wanted_of(stretches), settings)
    done, thin = still_done(means.network, jobs, stretches, rest.done, now_s)
    known = {s.lorry for s in rest.starts}
    return Wish(
        network=means.network, start_s=c.start_s, asked=stretches,
        starts=(*means.as_written(rest.starts), *means.starts(known, now_s)), barns=means.barns, settings=settings,
        standing=rest.standing, fixed=rest.fixed, heard=rest.heard, done=done, orders=c.orders if asked is None else asked.orders,
        waiting=c.waiting if asked is None else asked.waiting, later=c.later if asked is None else asked.later,
        later_acts=c.later_acts if asked is None else asked.later_acts,
        out=means.out, standing_plan=before.version, notes=(*rest.notes, *thin, *_notes(asked)), seed=means.seed,
        iterations=means.iterations, closing=means.closing,
    )  # fmt: skip


def _notes(asked: Tonight | None) -> Iterator[str]:
    if asked is not None and not asked.asked:
        yield "No order stands any more: every lorry drives back to its depot."
    if asked is not None and any(a.plough for a in asked.asked):
        yield "Ploughing is planned at the speed of spreading: lorries that clear snow will be later."
    if asked is not None and asked.treated:
        n = len(asked.treated)
        yield f"{n} {'stretch was' if n == 1 else 'stretches were'} treated since the order, before there was a plan."
