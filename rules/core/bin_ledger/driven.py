"""What lorries drove on a day: as they measured it, else as it was planned. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise

import msgspec
from msgspec.structs import replace

from rules.core.bin_ledger.values import Driven
from rules.core.rounds.plan import LorryRound, RoundPlan, Stop

Key = tuple[date, str]
"""A service day and a lorry."""


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """What a lorry itself measured on a day: ``km``, and ``hours`` from its first movement to its last."""

    day: date
    lorry: str
    km: float
    hours: float


def planned(plans: Sequence[tuple[float, RoundPlan]]) -> tuple[Driven, ...]:
    """Return what a day's plans had driven.

    Args:
        plans: of one day, each with when it was made [s since 1970], the oldest first. Of one whose place another
            takes that counts which was over by then.
    """
    if not plans:
        return ()
    ends_s = [*(at_s for at_s, _ in plans[1:]), float("inf")]
    done: dict[str, list[Stop]] = {}
    for (_, plan), until_s in zip(plans, ends_s, strict=True):
        for of in plan.rounds:
            stops = [s for s in of.stops if plan.day_s + s.ends_s <= until_s]
            done.setdefault(of.lorry_id, []).extend(stops)
    day = date.fromisoformat(plans[0][1].day)
    return tuple(_driven(day, LorryRound(lorry_id=name, stops=tuple(s))) for name, s in done.items() if s)


def _driven(day: date, of: LorryRound) -> Driven:
    worked_s = sum(max(0, b.ends_s - a.ends_s) for a, b in pairwise(of.stops))
    return Driven(
        day=day, lorry=of.lorry_id, km=of.metres / 1000.0, hours=worked_s / 3600.0, bins=of.bins, stops=len(of.bins)
    )  # fmt: skip


def measured(
    plans: Iterable[Driven], tracks: Iterable[Track], device_of: Mapping[str, str]
) -> tuple[Driven, ...]:
    """Return rounds by what lorries measured, where they did.

    A lorry that measured and was in no plan drove all the same.

    Args:
        plans: as planned.
        tracks: by lorries' devices.
        device_of: device by lorry, of those that are named otherwise.
    """
    left = {(t.day, t.lorry): t for t in tracks}
    found: list[Driven] = []
    for d in plans:
        track = left.pop((d.day, device_of.get(d.lorry, d.lorry)), None)
        found.append(d if track is None else replace(d, km=track.km, hours=track.hours, source="track"))
    lorry_of = {device: lorry for lorry, device in device_of.items()}
    found += [
        Driven(day=t.day, lorry=lorry_of.get(t.lorry, t.lorry), km=t.km, hours=t.hours, source="track")
        for t in left.values()
    ]
    return tuple(sorted(found, key=lambda d: (d.day, d.lorry)))
