"""The answers of ``cityops ops`` in lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import tzinfo

import msgspec

from rules.closing.ports import WhatIf
from rules.core.closing.model import clock, until_words
from rules.core.closing_effects.document import ClosingDocument, Reach, Service
from rules.core.emergency.answer import StreetStep, Way
from rules.core.emergency.finding import WayAnswer

SHOWN = 12


def way_lines(a: WayAnswer) -> Iterator[str]:
    """Yield the answer on a way."""
    where = a.target.label or f"{a.target.latitude_deg:.5f}, {a.target.longitude_deg:.5f}"
    yield f"To {where} ({a.target.street}, {a.target.segment_id}) by {a.vehicle}"
    if a.target.closed:
        yield f"{a.target.street} is closed there ({a.target.closed}): to its end"
    for n, s in enumerate(a.stations):
        took = "no way" if s.minutes is None else f"{s.minutes:.1f} min"
        yield f"  {'from' if n == 0 else '    '} {s.label}: {took}"
    if a.best is not None:
        yield from _way("The way", a.best)
    if a.other is not None:
        yield from _way(f"Next best ({a.shared_pct} % of it on the same stretches)", a.other)
    for street, why in dict.fromkeys((c.street, c.why) for c in a.closed):
        yield f"Closed, and would be quicker: {street}, {why}"
    if a.late_min > 0.0:
        yield f"Closures cost {a.late_min:.1f} min"
    yield from a.notes
    yield f"by {a.rules}"


def _way(what: str, way: Way) -> Iterator[str]:
    yield (
        f"{what}: {way.minutes:.1f} min ({way.fast_min:.1f} to {way.slow_min:.1f}; dry roads {way.dry_min:.1f}),"
        f" {way.metres / 1000.0:.2f} km; may be icy {way.icy_m:.0f} m, untreated {way.bare_m:.0f} m; nothing recent known of {way.unsure_m:.0f} m"
    )
    for s in way.streets:
        yield f"  {s.metres:5.0f} m  {s.seconds / 60.0:4.1f} min  {s.street}: {surface_words(s)}"


def surface_words(s: StreetStep) -> str:
    """Return what a street's surface is, and how well that is known."""
    said = [" and ".join(s.surfaces)]
    if s.ice_pct and not set(s.surfaces) <= {"hoar", "ice", "snow"}:
        said.append(f"{s.ice_pct} % chance of ice")
    if s.icy:
        said.append("treated" if s.treated else "untreated")
    if s.age_min is not None:
        said.append(f"{s.age_min:.0f} min ago")
    if s.against:
        said.append("against the one-way street")
    return ", ".join(said)


def what_if_lines(d: ClosingDocument, zone: tzinfo) -> Iterator[str]:
    """Yield the answer on closing roads."""
    until = until_words(d.from_s, d.until_s, zone)
    streets = ", ".join(dict.fromkeys(s.street for s in d.stretches))
    yield f"If {streets} is closed ({len(d.stretches)} stretches) from {clock(d.from_s, zone)} {until}:"
    yield from (f"  already: {words}" for words in d.standing)
    if d.already:
        yield "  all of it is closed already: nothing changes"
    yield from _service("Gritting", d.gritting, "passes", zone)
    yield from _service("Bin rounds", d.rounds, "bins", zone)
    yield from _reach(d.reach)
    yield f"both planned with {d.iterations} iterations; by {', '.join(d.rules)}"


def _service(name: str, s: Service, unit: str, zone: tzinfo) -> Iterator[str]:
    if s.before is None or s.after is None or s.more is None:
        yield f"{name}: not compared: {s.why_not}"
        return
    more = s.more
    yield f"{name}: {s.basis}{f' (plan {s.plan} counts now)' if s.plan is not None else ''}"
    yield f"  {'':8}{'km':>9}{'min':>9}{'GBP':>9}  {unit}"
    for label, row, sign in (("as it is", s.before, ""), ("closed", s.after, ""), ("more", more, "+")):
        yield f"  {label:8}{row.km:>{sign}9.2f}{row.minutes:>{sign}9.1f}{row.gbp:>{sign}9.2f}  {row.done:{sign}}"
    yield from _shown(
        "no longer done", (f"{x.what}, {x.street}: {x.why}{'' if x.must else ' (may wait)'}" for x in s.lost)
    )
    yield from _shown(
        "promise broken", (f"{x.what}{f', by {x.late_min:g} min' if x.late_min else ''}" for x in s.broken)
    )
    yield from _shown(
        "on its way there",
        (
            f"{x.lorry}: {', '.join(x.streets)}{'' if x.at_s is None else f', {clock(x.at_s, zone)}'}"
            for x in s.affected
        ),
    )
    yield from _shown("done that was not", s.again)


def _reach(r: Reach) -> Iterator[str]:
    if r.why_not:
        yield f"Emergency vehicles: not compared: {r.why_not}"
        return
    yield f"Emergency vehicles ({r.vehicle}): {r.stretches} other stretches more than {r.than_min:g} min later"
    yield from _shown(
        "later",
        (
            f"{x.street}: {x.before:.1f} min, then {'no way' if x.after is None else f'{x.after:.1f} min'}"
            for x in r.streets
        ),
    )


def _shown(label: str, rows: Iterable[str]) -> Iterator[str]:
    every = list(rows)
    for row in every[:SHOWN]:
        yield f"  {label}: {row}"
    if len(every) > SHOWN:
        yield f"  {label}: and {len(every) - SHOWN} more (--json has all)"


def kept_lines(kept: WhatIf, zone: tzinfo) -> Iterator[str]:
    """Yield a note that was kept."""
    yield f"What-if {kept.what_if_id}, {clock(kept.at_s, zone)}, by {kept.by} ({kept.role}): {kept.note}"
    yield from what_if_lines(msgspec.convert(kept.document, ClosingDocument), zone)
