"""What the pages of the operations centre's tools say. Pure: answers in, words and rows out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from ops_api.ops_text import surface_words
from rules.core.closing.model import Closure, clock, until_words
from rules.core.closing_effects.document import ClosingDocument, Reach, Service, Sums
from rules.core.emergency.answer import Way
from rules.core.emergency.finding import WayAnswer
from rules.core.road_graph import RoadGraph

FEW = 8
Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Panel:
    """A service, before and after: figures as (what, as it is, closed, more), and lists of what changes."""

    title: str
    says: str
    basis: str
    why_not: str
    figures: tuple[tuple[str, str, str, str], ...] = ()
    lists: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class ClosingView:
    """The answer as a page shows it."""

    headline: str
    when: str
    segments: tuple[str, ...]
    standing: tuple[str, ...]
    panels: tuple[Panel, ...]
    foot: str


def view(d: ClosingDocument, zone: ZoneInfo) -> ClosingView:
    """Return what a page says of an answer."""
    streets = ", ".join(dict.fromkeys(s.street for s in d.stretches))
    panels = (
        _service("Gritting", d.gritting, "passes treated", "stretches are not treated", zone),
        _service("Bin rounds", d.rounds, "bins emptied", "bins are not emptied", zone),
        _reach(d.reach),
    )
    said = [p.says for p in panels if p.says]
    if d.already:
        said = ["all of it is closed already, so that nothing changes"]
    return ClosingView(
        headline=f"If {streets} is closed: {'; '.join(said) or 'nothing could be compared'}.",
        when=f"F{span_words(d.from_s, d.until_s, zone)[1:]}; asked at {clock(d.at_s, zone)}.",
        segments=tuple(s.segment_id for s in d.stretches), standing=d.standing, panels=panels,
        foot=f"Both sides were planned now by the same search ({d.iterations} iterations); by {', '.join(d.rules)}.",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClosureLine:
    """A closure as the page lists it: number, streets, stretches, when, why, and who said so; what is open again."""

    number: int
    streets: str
    stretches: int
    when: str
    reason: str
    by: str
    now: bool
    opened: int


def closure_line(c: Closure, roads: RoadGraph, now_s: float, zone: ZoneInfo) -> ClosureLine:
    """Return a closure that holds or will hold."""
    left = [s for s in c.segments if c.closes(s, now_s, math.inf)]
    return ClosureLine(
        c.closure_id, ", ".join(streets_of(left, roads)) or "no road that is left", len(left),
        span_words(c.from_s, c.until_s, zone), c.reason, f"{c.by}, {c.role}", c.from_s <= now_s, len(c.segments) - len(left),
    )  # fmt: skip


def span_words(from_s: float, until_s: float | None, zone: ZoneInfo) -> str:
    """Return from when until when."""
    return f"from {clock(from_s, zone)} {until_words(from_s, until_s, zone)}"


def streets_of(segments: Sequence[str], roads: RoadGraph) -> tuple[str, ...]:
    """Return the names of the streets of stretches, each once; a stretch without one by its id."""
    index = roads.segment_index
    return tuple(dict.fromkeys(roads.segments[index[s]].street or s for s in segments if s in index))


def _service(title: str, s: Service, unit: str, lost: str, zone: ZoneInfo) -> Panel:
    if s.before is None or s.after is None or s.more is None:
        return Panel(title, "", s.basis, s.why_not)
    plan = "" if s.plan is None else f" Plan {s.plan} is the one that counts."
    said = [f"{len(s.lost)} {lost}"] if s.lost else []
    said += [f"{len(s.broken)} promises of time broken"] if s.broken else []
    words = ", ".join(said) or f"{title.lower()} keeps all it promised"
    if s.before.done == 0:
        words = f"{title.lower()} can do nothing as roads are now"
    lists = (
        ("No longer done", tuple(f"{x.what}, {x.street}: {x.why}{'' if x.must else ' (may wait)'}" for x in s.lost)),
        ("Promises of time broken", tuple(f"{x.what}{f', by {x.late_min:g} min' if x.late_min else ''}" for x in s.broken)),
        ("Lorries on their way there now", tuple(_affected(x.lorry, x.streets, x.at_s, zone) for x in s.affected)),
        ("Done that was not done before", s.again),
    )  # fmt: skip
    return Panel(
        title, f"{words} ({_more(s.more)})", f"{s.basis[:1].upper()}{s.basis[1:]}.{plan}", "", _figures(s.before, s.after, s.more, unit),
        tuple((name, rows) for name, rows in lists if rows),
    )  # fmt: skip


def _more(more: Sums) -> str:
    return f"{_signed(more.km, 1)} km, {_signed(more.minutes, 0)} min, {_pounds(more.gbp)}"


def _figures(before: Sums, after: Sums, more: Sums, unit: str) -> tuple[tuple[str, str, str, str], ...]:
    return (
        ("Way", f"{before.km:.1f} km", f"{after.km:.1f} km", f"{_signed(more.km, 1)} km"),
        (
            "Lorries’ time",
            f"{before.minutes:.0f} min",
            f"{after.minutes:.0f} min",
            f"{_signed(more.minutes, 0)} min",
        ),
        ("Cost", f"£{before.gbp:.2f}", f"£{after.gbp:.2f}", _pounds(more.gbp)),
        (unit[:1].upper() + unit[1:], str(before.done), str(after.done), _signed(more.done, 0)),
    )


def _signed(value: float, digits: int) -> str:
    text = f"{value:+.{digits}f}"
    return text.replace("-", "−") if float(text) != 0.0 else f"{0:.{digits}f}"


def _pounds(value: float) -> str:
    return f"{'−' if value < -0.005 else '+' if value > 0.005 else ''}£{abs(value):.2f}"


def _affected(lorry: str, streets: Sequence[str], at_s: float | None, zone: ZoneInfo) -> str:
    when = "" if at_s is None else f", first at {datetime.fromtimestamp(at_s, zone):%H:%M}"
    return f"{lorry}: {', '.join(streets)}{when}"


def _reach(r: Reach) -> Panel:
    title = "Emergency vehicles"
    if r.why_not:
        return Panel(title, "", "", r.why_not)
    says = (
        f"{r.stretches} stretches are reached later by a {r.vehicle}"
        if r.stretches
        else f"a {r.vehicle} reaches every other street as before"
    )
    rows = tuple(
        f"{x.street}: {x.before:.1f} min, then {'no way leads there' if x.after is None else f'{x.after:.1f} min'}"
        for x in r.streets
    )
    lists = ((f"More than {r.than_min:g} min later from the nearest station", rows),) if rows else ()
    cut = (("Cut off", r.cut_off),) if r.cut_off else ()
    return Panel(title, says, "On roads as their surfaces are now.", "", (), (*lists, *cut))


@dataclass(frozen=True, slots=True)
class WayRow:
    """A street of a way: name, how far, how long, its surface, and whether it may be icy without salt."""

    street: str
    metres: str
    minutes: str
    surface: str
    tone: str


@dataclass(frozen=True, slots=True)
class WayPart:
    """A way: in a sentence, and street by street."""

    title: str
    says: str
    rows: tuple[WayRow, ...]


@dataclass(frozen=True, slots=True)
class WayView:
    """The answer as a page shows it; ``lines`` are drawn: the best way first."""

    headline: str
    range: str
    stations: tuple[Row, ...]
    parts: tuple[WayPart, ...]
    warnings: tuple[str, ...]
    foot: str
    drawn: dict[str, object]


def way_view(a: WayAnswer) -> WayView:
    """Return what a page says of a way."""
    labels = {s.id: s.label for s in a.stations}
    where = a.target.label or a.target.street
    parts = [] if a.best is None else [_part("The way", a.best)]
    if a.other is not None:
        parts.append(_part(f"Next best: {a.shared_pct} % of it on the same stretches", a.other))
    stations = tuple((s.label, "no way" if s.minutes is None else f"{s.minutes:.1f} min") for s in a.stations)
    warnings = [f"{a.target.street} is closed there ({a.target.closed}): the way leads to its end."] * bool(
        a.target.closed
    )
    quicker = dict.fromkeys((c.street, c.why) for c in a.closed)
    warnings += [f"{street} would be quicker, and is closed: {why}." for street, why in quicker]
    warnings += [f"Closed roads cost {a.late_min:.1f} min."] * (a.late_min > 0.0)
    head = (
        f"No way leads to {where}"
        if a.best is None
        else f"{a.best.minutes:.0f} min to {where} from {labels[a.best.station]}"
    )
    return WayView(
        headline=head, range="" if a.best is None else _range(a.best), stations=stations, parts=tuple(parts),
        warnings=(*warnings, *a.notes), foot=f"Found by {a.rules}.", drawn=_drawn(a),
    )  # fmt: skip


def _range(w: Way) -> str:
    icy = (
        f"; {w.icy_m:.0f} m may be icy, {w.bare_m:.0f} m of it untreated"
        if w.icy_m
        else "; no stretch of it is icy"
    )
    unsure = f"; of {w.unsure_m:.0f} m nothing recent is known" if w.unsure_m else ""
    return f"{w.minutes:.1f} min is usual; {w.fast_min:.1f} to {w.slow_min:.1f} min by the roads’ surfaces ({w.dry_min:.1f} min if dry){icy}{unsure}."


def _part(title: str, w: Way) -> WayPart:
    rows = tuple(
        WayRow(
            s.street, f"{s.metres:.0f} m", f"{s.seconds / 60.0:.1f}", surface_words(s),
            "bad" if s.icy and not s.treated else "watch" if s.icy else "",
        )
        for s in w.streets
    )  # fmt: skip
    return WayPart(
        title, f"{w.minutes:.1f} min ({w.fast_min:.1f} to {w.slow_min:.1f}), {w.metres / 1000.0:.2f} km", rows
    )


def _drawn(a: WayAnswer) -> dict[str, object]:
    return {
        "best": [] if a.best is None else a.best.line, "other": [] if a.other is None else a.other.line,
        "to": [a.target.longitude_deg, a.target.latitude_deg],
        "stations": [[s.longitude_deg, s.latitude_deg, s.label] for s in a.stations],
    }  # fmt: skip
