"""Tonight's lorries as shown: a card for the driver's phone, and all of them for the officer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ops_api.web import words
from ops_api.web.cab_map import CabMap, map_of
from ops_api.web.sheet_view import distance
from rules.core.cab.card import Card, Entry
from rules.core.cab.codec import OnRoads
from rules.core.cab.model import KIND_WORDS, OrderSeen, Plan, Service
from rules.core.cab.needed import needed_s
from rules.core.cab.ploughing import card_of
from rules.core.cab.progress import SILENT_S, Progress

FRESH_S = 10.0
"""How far the next turn is is said from a report up to so old [s]: at 50 km/h a lorry is 140 m further by then."""

PHASES = {
    "waits": "At the yard",
    "drives": "Under way",
    "loads": "Loading salt",
    "off_plan": "Off its route",
    "back": "Back",
    "no_way": "Nothing to drive",
}


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry of the card; ``state``: done, missed, now or ahead."""

    number: int
    text: str
    spread: str
    rate: str
    length: str
    at: str
    at_km: str
    loads: bool
    state: str


@dataclass(frozen=True, slots=True)
class LorryView:
    """A lorry as shown.

    Attributes:
        status: where it stands, in a few words; ``tone``: good, watch, bad or calm.
        now: what it is at; ``next``: what comes then, in ``ahead``; None where nothing does.
        as_of: time of the report that all this is from; empty where there is none.
        treated, passes: passes done, and all of its.
        finish, finish_s: when it will have treated its last stretch [s after the start of the plan]; ``back``: be back.
        due: by when its last stretch is needed.
        late: how many passes will be late and by how much at most; empty where none.
        replaced: what the card's place was taken by; empty where it counts.
    """

    lorry: str
    version: int
    status: str
    tone: str
    notes: tuple[str, ...]
    now: EntryView | None
    next: EntryView | None
    ahead: str
    as_of: str
    entries: tuple[EntryView, ...]
    done: int
    treated: int
    passes: int
    missed: int
    salt: str
    salt_share: int
    salt_note: str
    starts: str
    finish: str
    finish_s: float | None
    back: str
    due: str
    late: str
    km: str
    minutes: str
    salt_needed: str
    loads: int
    map: CabMap | None
    replaced: str


def time_of(start_s: float, at_s: float | None, zone: ZoneInfo) -> str:
    """Return the time of day of a time of a plan."""
    return "–" if at_s is None else words.clock(datetime.fromtimestamp(start_s + at_s, UTC), zone)


def lorry_view(
    plan: Plan, on: OnRoads, lorry: str, zone: ZoneInfo, *, progress: Progress | None, now_s: float,
    newest: int | None = None,
) -> LorryView:  # fmt: skip
    """Return a lorry of a plan.

    Args:
        plan: which; ``on``: its roads.
        on: the plan on its roads.
        lorry: of the plan.
        zone: of the town.
        progress: where it is; None: of a card that does not count any more.
        now_s: [s after the start of the plan].
        newest: number of the night's newest plan.
    """
    card, start_s = card_of(on, lorry), plan.contents.start_s
    n = _place(card, progress)
    entries = tuple(_entry(e, m, n, progress, on, lorry, start_s, zone) for m, e in enumerate(card.entries))
    passes = len([s for s in on.trips[lorry].steps if getattr(s, "job", None)])
    start = next(s for s in plan.contents.fleet if s.lorry == lorry)
    replaced = "" if newest is None or newest == plan.version else f"Replaced by plan {newest}"
    salt_kg = start.on_board_kg if progress is None else progress.salt_kg
    status, tone = _status(progress, card, start_s, zone, now_s) if not replaced else (replaced, "bad")
    last_s = card.last_s if progress is None else progress.last_s
    following = None if not entries else n if progress is not None and progress.phase == "waits" else n + 1
    return LorryView(
        lorry=lorry, version=plan.version, status=status, tone=tone, notes=_notes(progress, now_s),
        now=entries[n] if progress is not None and entries and progress.phase in ("drives", "loads") else None,
        next=entries[following] if following is not None and following < len(entries) and not _is_over(progress) else None,
        ahead=_ahead(card, following, progress, now_s), as_of=_as_of(progress, start_s, zone), entries=entries, done=n if progress is not None else 0,
        treated=0 if progress is None else len(progress.treated), passes=passes,
        missed=0 if progress is None else len(progress.skipped), salt=f"{words.number(salt_kg / 1000.0, 1)} t",
        salt_share=round(100.0 * salt_kg / start.capacity_kg), salt_note=_salt_note(progress),
        starts=time_of(start_s, card.begins_s, zone),
        finish=time_of(start_s, last_s, zone), finish_s=last_s,
        back=time_of(start_s, card.back_s if progress is None else progress.back_s, zone),
        due=time_of(start_s, needed_s(on, lorry), zone), late=_late(progress, card),
        km=f"{words.number((card.treated_m + card.empty_m) / 1000.0, 1)} km, {words.number(card.treated_m / 1000.0, 1)} spread",
        minutes=f"{words.number((card.back_s - card.begins_s) / 60.0)} min",
        salt_needed=f"{words.number(card.salt_kg / 1000.0, 2)} t", loads=card.loads,
        map=map_of(on, lorry, progress), replaced=replaced,
    )  # fmt: skip


def _is_over(p: Progress | None) -> bool:
    return p is None or p.phase in ("back", "no_way")


def _place(card: Card, p: Progress | None) -> int:
    if p is None or not card.entries:
        return 0
    return len(card.entries) - 1 if p.phase == "back" else card.entry_at(p.step)


def _entry(
    e: Entry, m: int, n: int, p: Progress | None, on: OnRoads, lorry: str, start_s: float, zone: ZoneInfo
) -> EntryView:
    steps = on.trips[lorry].steps[e.first : e.last + 1]
    jobs = {e.first + k for k, s in enumerate(steps) if getattr(s, "job", None)}
    state = "ahead"
    if p is not None:
        state = (
            "missed" if jobs & set(p.skipped) and m < n else "done" if m < n else "now" if m == n else "ahead"
        )
        state = "ahead" if p.phase == "waits" else state
    behind_s = 0.0 if p is None or state in ("done", "missed") else p.late_s if m == n else p.late_at(e.first)
    return EntryView(
        e.number, e.text, e.spread, "" if e.g_m2 is None else f"{e.g_m2:g}", distance(e.length_m) if e.length_m else "",
        time_of(start_s, e.at_s + behind_s, zone), f"{e.at_m / 1000.0:.1f} km", e.loads, state,
    )  # fmt: skip


def _status(p: Progress | None, card: Card, start_s: float, zone: ZoneInfo, now_s: float) -> tuple[str, str]:
    if p is None:
        return "", "calm"
    if p.phase == "waits":
        return f"Leave at {time_of(start_s, card.begins_s, zone)}", "calm" if not p.late else "bad"
    if p.phase == "off_plan":
        return PHASES[p.phase], "bad"
    if p.by_clock and p.phase != "no_way":
        said = "Has never reported on this plan"
        return said, "bad" if now_s - card.begins_s > SILENT_S else "watch"
    if p.is_silent(now_s):
        return f"{PHASES[p.phase]}, not heard of since {time_of(start_s, p.seen_s, zone)}", "watch"
    if p.late:
        return f"{PHASES[p.phase]}, late", "bad"
    return PHASES[p.phase], "calm" if p.phase in ("back", "no_way") else "good"


def _notes(p: Progress | None, now_s: float) -> tuple[str, ...]:
    if p is None:
        return ()
    said = []
    if p.by_clock and p.phase in ("drives", "loads", "back"):
        said.append(
            "This lorry does not report: places and times are the plan’s, and nothing counts as treated."
        )
    if p.phase == "off_plan":
        said.append("Its last reports are away from the route: the list goes on where it left it.")
    if p.skipped:
        said.append(
            f"{words.plural(len(p.skipped), 'pass', 'passes')} driven with the spreader off, or not seen."
        )
    return tuple(said)


def _as_of(p: Progress | None, start_s: float, zone: ZoneInfo) -> str:
    if p is None or p.seen_s is None:
        return ""
    return f"as of {datetime.fromtimestamp(start_s + p.seen_s, zone):%H:%M:%S}"


def _ahead(card: Card, n: int | None, p: Progress | None, now_s: float) -> str:
    if n is None or n >= len(card.entries) or p is None or p.phase == "waits":
        return ""
    if p.seen_s is None or now_s - p.seen_s > FRESH_S:
        return ""  # it has driven on since
    metres = card.entries[n].at_m - p.place_m
    return "now" if metres < 15.0 else f"in {distance(metres)}"


def _salt_note(p: Progress | None) -> str:
    return "" if p is None or p.weighed else "as planned"


def _late(p: Progress | None, card: Card) -> str:
    if p is None or p.phase == "no_way":
        count, worst_s = len(card.late), 0.0
    else:
        count, worst_s = len(p.late), max((s for _, s in p.late), default=0.0)
    if count == 0:
        return ""
    said = f"{words.plural(count, 'pass', 'passes')} late"
    return f"{said}, up to {max(1, round(worst_s / 60.0))} min" if worst_s > 0.0 else said


@dataclass(frozen=True, slots=True)
class PlanView:
    """All lorries, for the officer.

    Attributes:
        headline: the answer: who is out, and whether all will be in time.
        missed: what is asked for and can't be kept, in words.
        out: lorries out of service, each with why.
        older: numbers of the night's plans that were replaced, with why and when.
    """

    headline: str
    tone: str
    version: int
    made: str
    orders: tuple[str, ...]
    waiting: tuple[str, ...]
    later: tuple[str, ...]
    notes: tuple[str, ...]
    missed: tuple[str, ...]
    left_out: int
    lorries: tuple[LorryView, ...]
    out: tuple[tuple[str, str], ...]
    treated: int
    passes: int


def plan_view(
    plan: Plan, on: OnRoads, lorries: Sequence[LorryView], zone: ZoneInfo, now: datetime
) -> PlanView:
    """Return a plan with its lorries."""
    c = plan.contents
    made = words.day_and_clock(datetime.fromtimestamp(plan.at_s, UTC), zone, now)
    what = f"{plan.lorry}: " if plan.lorry else ""
    headline, tone = _headline(plan, lorries)
    if c.out:
        headline = f"{words.joined(sorted(c.out))} out of service. {headline}"
    return PlanView(
        headline=headline, tone=tone, version=plan.version,
        made=f"made {made}, {what}{KIND_WORDS[plan.kind]}", orders=tuple(map(_order_words, c.orders)),
        waiting=c.waiting, later=c.later, notes=c.notes, missed=missed_words(plan, on),
        left_out=len(c.left_out), lorries=tuple(lorries), out=tuple(sorted(c.out.items())),
        treated=sum(d.until_s is None for d in c.done) + sum(v.treated for v in lorries), passes=len(on.jobs),
    )  # fmt: skip


def _order_words(o: OrderSeen) -> str:
    runs = f"{o.passes} × " if o.passes > 1 else ""
    return f"{o.ref} {o.label}: {'plough and ' if o.plough else ''}{runs}{o.g_m2:g} g/m²"


def missed_words(plan: Plan, on: OnRoads) -> tuple[str, ...]:
    """Return what is asked for and can't be kept, by street."""

    def street(job: str) -> str:
        return on.network.segments[on.jobs[job].segment].street or job

    c = plan.contents
    late, left = dict.fromkeys(map(street, c.late)), dict.fromkeys(map(street, c.left_out))
    said = [f"Treated late: {words.joined(list(late))}."] if late else []
    said += [f"Treated by nobody: {words.joined(list(left))}."] if left else []
    return (*said, *(f"{lorry} is back after its crew’s hours." for lorry in c.over))


def _headline(plan: Plan, lorries: Sequence[LorryView]) -> tuple[str, str]:
    late = [v for v in lorries if v.late]
    if not plan.contents.asked:
        return "Nothing to treat: every lorry drives home", "calm"
    if plan.contents.left_out:
        return f"{words.plural(len(plan.contents.left_out), 'pass', 'passes')} that no lorry can do", "bad"
    if late:
        return f"{words.joined([v.lorry for v in late])}: {late[0].late if len(late) == 1 else 'late'}", "bad"
    if any(v.tone == "bad" for v in lorries):
        bad = next(v for v in lorries if v.tone == "bad")
        return f"{bad.lorry}: {bad.status.lower()}", "bad"
    out = sum(v.status.startswith(("Under way", "Loading", "Has never")) for v in lorries)
    last = max((v for v in lorries if v.finish_s is not None), key=lambda v: v.finish_s or 0.0, default=None)
    finish = "" if last is None else last.finish
    missed = sum(v.missed for v in lorries)
    if out == 0 and all(v.next is None for v in lorries):
        left = f"; {words.plural(missed, 'pass', 'passes')} not treated, or not seen" if missed else ""
        return f"Every lorry is back{left}", "watch" if missed else "good"
    if out == 0:
        return (
            f"{words.plural(sum(bool(v.entries) for v in lorries), 'lorry', 'lorries')} ready, all in time",
            "good",
        )
    return f"{words.plural(out, 'lorry', 'lorries')} out, all in time" + (
        f", done by {finish}" if finish else ""
    ), "good"


@dataclass(frozen=True, slots=True)
class OutView:
    """A lorry that is out of service. ``reason``: as somebody wrote it, for officers."""

    since: str
    reason: str


def out_of_service(out: Mapping[str, Service], zone: ZoneInfo, now: datetime) -> dict[str, OutView]:
    """Return the lorries that are out of service, by name."""
    return {
        name: OutView(words.day_and_clock(datetime.fromtimestamp(s.at_s, UTC), zone, now), s.reason)
        for name, s in sorted(out.items())
    }


def version_line(plan: Plan, zone: ZoneInfo, now: datetime) -> tuple[int, str]:
    """Return a replaced plan's number, and when and why it was made."""
    made = words.day_and_clock(datetime.fromtimestamp(plan.at_s, UTC), zone, now)
    what = f"{plan.lorry}: " if plan.lorry else ""
    return plan.version, f"{made}, {what}{KIND_WORDS[plan.kind]}"
