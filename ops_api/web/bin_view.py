"""One bin's page: how full, whether it goes today and why, its levels and its week ahead, what happened, its settings. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ops_api.queries.bin_levels import Levels
from ops_api.web import bar_chart, bin_chart, bins_strip, words
from ops_api.web.bar_chart import Bars, Value
from ops_api.web.bin_chart import LevelChart
from ops_api.web.bins_filter import STATES, place_of, state_of
from ops_api.web.bins_rows import SINCE, Due, dues, why_now
from ops_api.web.bins_today import Standing, Today
from ops_api.web.bins_words import chance, number_of, waits, when_full
from ops_api.web.bins_wrong import Wrong, wrongs
from ops_api.web.brand import Brand
from rules.core.collection_acts.record import WHAT

Row = Mapping[str, Any]
LEARNT = {"bin": "its own levels", "place": "bins of its kind of place", "fleet": "all bins"}
EVENTS = {
    "bin_emptied": "Emptied", "bin_emptying_confirmed": "Emptying confirmed", "bin_emptying_retracted": "Emptying taken back: it was none",
    "bin_not_emptied": "Serviced, not emptied",
}  # fmt: skip
SAID = {
    "collected": "Crew: collected", "blocked": "Crew: blocked", "contaminated": "Crew: wrong waste in it", "not_out": "Crew: not found",
    "full": "Reported full", "overflowing": "Reported overflowing", "damaged": "Reported damaged",
}  # fmt: skip
EVIDENCE = {
    "drop": "its level fell",
    "lorry": "a lorry was there",
    "tilt": "it was tipped",
    "crew": "the crew said so",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BinView:
    """The page's content."""

    bin_id: str
    headline: str
    sub: str
    waits: tuple[str, ...]
    round: tuple[str, ...]
    wrong: tuple[Wrong, ...]
    chart: LevelChart
    chart_says: str
    ahead: Bars | None
    ahead_says: str
    ahead_rows: tuple[tuple[str, str, str, str], ...]
    outlook: tuple[tuple[str, str], ...]
    story: tuple[tuple[str, str, str], ...]
    alarms: tuple[tuple[int, str, str, str], ...]
    settings: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOfBin:
    """What a bin's page is made of: the bin, its levels from ``start``, its story, its alarms, and the day's decision.

    ``by_crew``: a crew reads it; of its acts nobody else reads who wrote what. ``newest``: time [s since 1970] and fill [%]
    of a reading that is stored and that the rules have not counted yet.
    """

    row: Row
    levels: Levels
    story: Sequence[Row]
    alarms: Sequence[Row]
    active: Sequence[Row]
    decision: Row | None
    start: datetime
    by_crew: bool = False
    newest: tuple[float, float | None] | None = None


def view(known: KnownOfBin, today: Today, brand: Brand) -> BinView:
    """Return the page's content."""
    row, state, now = known.row, known.row["state"] or {}, today.now
    bin_id, outlook = str(row["bin_id"]), (known.row["state"] or {}).get("outlook") or {}
    standing = today.of(bin_id, state)
    due = next((d for d in dues(today, known.decision, [row]) if d.bin_id == bin_id), None)
    emptied = [(e.t_s, _emptied(e.t_s, e.before_pct, e.after_pct, today)) for e in known.levels.emptied]
    strip = outlook.get("strip")
    return BinView(
        bin_id=bin_id,
        headline=f"{row['label']}: {_answer(row, standing, due)}",
        sub=_sub(row, state, today),
        waits=tuple(_waits(known, state, today)),
        round=tuple(_round(due, standing, today, row)),
        wrong=wrongs([row], known.active, today),
        chart=bin_chart.draw(
            known.levels.at_s, known.levels.fill_pct, known.levels.sd_pct, float(row["threshold_pct"]), emptied,
            known.start, now, brand.time_zone,
        ),
        chart_says=_chart_says(known, today),
        ahead=None if not strip else _ahead(strip, today),
        ahead_says="" if not strip else bins_strip.said(strip, brand.time_zone, now),
        ahead_rows=() if not strip else tuple(_ahead_rows(strip, today)),
        outlook=tuple(_outlook(outlook, state, today)),
        story=tuple(_line(s, today, known.by_crew) for s in known.story),
        alarms=tuple(_alarm(a, today) for a in known.alarms),
        settings=tuple(_settings(row)),
    )  # fmt: skip


def _answer(row: Row, standing: Standing, due: Due | None) -> str:
    fill, at = number_of((row["state"] or {}).get("fill_pct")), row["at"]
    level = "level not known" if fill is None else f"{words.percent(fill)} full"
    if standing.code in ("to_come", "next", "unsure"):
        return f"{level}, goes today with {standing.lorry}"
    if standing.code == "done":
        # Sensors report seldom: the level may be that of before.
        is_old = fill is not None and standing.at_s is not None and at.timestamp() < standing.at_s
        return f"{standing.text.lower()}, {level} before" if is_old else f"{level}, {standing.text.lower()}"
    if standing.code == "skipped":
        return f"{level}, {standing.text[0].lower()}{standing.text[1:]}"
    return f"{level}, must go and is in no round" if due is not None and due.must else level


def _sub(row: Row, state: Row, today: Today) -> str:
    full = when_full(state, today.zone, today.now)
    heard = "never heard of" if row["at"] is None else f"heard of {words.ago(row['at'], today.now)}"
    emptied = words.moment(state.get("last_emptied_at"))
    last = "" if emptied is None else f" Last emptied {words.day_and_clock(emptied, today.zone, today.now)}."
    return f"{STATES[state_of(row)]}{', full ' + full.removeprefix('full ') if full else ''}; {heard}.{last}"


def _waits(known: KnownOfBin, state: Row, today: Today) -> list[str]:
    """Return in sentences what was read and does not count yet."""
    found, said = [], waits(state, today.zone, today.now)
    if said:
        found.append(f"{said}.{_next(known.row, state, today)}")
    if known.newest is not None:
        at_s, fill = known.newest
        read = "A reading without an echo came" if fill is None else f"{words.percent(fill)} was read"
        when = words.day_and_clock(bin_chart.moment(at_s), today.zone, today.now)
        found.append(
            f"{read} {when} and counts within two minutes: readings wait for what was measured before them."
        )
    return found


def _next(row: Row, state: Row, today: Today) -> str:
    """Return when the sensor is expected to report again; empty where nobody knows, or it is overdue."""
    at, cadence_s = words.moment(state["unconfirmed"]["at"]), row["cadence_s"]
    due = None if at is None or cadence_s is None else at + timedelta(seconds=cadence_s)
    if due is None or due < today.now:
        return ""
    return f" The next is expected {words.day_and_clock(due, today.zone, today.now)}."


def _round(due: Due | None, standing: Standing, today: Today, row: Row) -> list[str]:
    """Return whether the bin is on today's round, and why, in sentences."""
    made, state = today.rounds is not None, row["state"] or {}
    if due is None:
        p = (state.get("outlook") or {}).get("p_overflow")
        return [
            "It is not on today’s round, and no candidate for it: "
            + (
                f"the chance that it overflows before the round after is {chance(p)}."
                if p is not None
                else "nothing says that it fills up."
            )
        ]
    kind = "It must go" if due.must else "It may go"
    why = f"{kind}: {why_now(due, state, row) or due.code}."
    left = today.why_left(due.bin_id)
    if left is not None and due.code != SINCE:
        return [why, f"No lorry takes it: {left.why.replace(' %', '%')}."]
    if standing.lorry:
        return [why, f"Lorry {standing.lorry}, stop {standing.tag}: {standing.text}."]
    if not standing.is_open:
        return [why, f"{standing.text}."]
    since = "It has come to this since the plan was made: it goes with the next one."
    return [why, since if made else "No lorry is planned yet today."]


def _emptied(at_s: float, before: float, after: float, today: Today) -> str:
    when = words.day_and_clock(bin_chart.moment(at_s), today.zone, today.now)
    return f"Emptied {when}: from {words.percent(before)} to {words.percent(after)}"


def _chart_says(known: KnownOfBin, today: Today) -> str:
    fills = known.levels.fill_pct
    if not fills:
        level = number_of((known.row["state"] or {}).get("fill_pct"))
        none = "No level is known of the last 14 days."
        return none if level is None else "The line begins with the readings of two half hours."
    n = len(known.levels.emptied)
    return (
        f"The last 14 days: between {words.percent(min(fills))} and {words.percent(max(fills))}, emptied {words.plural(n, 'time')}."
        f" The band holds 8 of 10 levels as they may be (± {words.number(bin_chart.SD * known.levels.sd_pct, 1)} points)."
    )


def _ahead(strip: Row, today: Today) -> Bars:
    values = []
    for at, middle, low, high, p in _steps(strip):
        local = at.astimezone(today.zone)
        tone = "high" if p >= bins_strip.LIKELY else "raised" if p >= bins_strip.MAY_BE else "low"
        values.append(
            Value(
                name=f"{words.day_and_clock(at, today.zone, today.now)}: {middle}% ({low} to {high}%), over 100% with {p}%",
                label=f"{local:%a}" if bins_strip.is_noon(local) else "", value=float(middle), low=float(low), high=float(high), tone=tone,
            )
        )  # fmt: skip
    return bar_chart.draw(values, most=150, step=50, width=480)


def _steps(strip: Row) -> list[tuple[datetime, int, int, int, int]]:
    columns = (strip[k] for k in ("median_pct", "low_pct", "high_pct", "p_over_pct"))
    return list(zip(bins_strip.moments(strip), *columns, strict=True))


def _ahead_rows(strip: Row, today: Today) -> list[tuple[str, str, str, str]]:
    return [
        (words.day_and_clock(at, today.zone, today.now), f"{middle}%", f"{low} to {high}%", f"{p}%")
        for at, middle, low, high, p in _steps(strip)
    ]


def _outlook(outlook: Row, state: Row, today: Today) -> list[tuple[str, str]]:
    if not outlook:
        return []

    def when(name: str) -> str:
        return words.day_and_clock(words.moment(outlook.get(name)), today.zone, today.now)

    rate = number_of(outlook.get("rate_pct_day"))
    return [
        ("Chance that it overflows if the coming round leaves it out", chance(outlook.get("p_overflow"))),
        ("Full", when_full(state, today.zone, today.now) or "not known"),
        ("Coming round", f"{when('service_at')}, about {words.percent(number_of(outlook.get('service_fill_pct')))} full by then"),
        ("Round after", when("next_service_at")),
        ("Fills a day", "not known" if rate is None else f"{words.number(rate, 1)}%, learnt from {LEARNT.get(str(outlook.get('learnt_from')), 'nothing')}"),
    ]  # fmt: skip


def _line(s: Row, today: Today, by_crew: bool) -> tuple[str, str, str]:
    when, detail = words.day_and_clock(s["at"], today.zone, today.now), s["detail"] or {}
    if s["source"] == "act":
        return (
            when,
            SAID.get(WHAT[int(s["what"])], str(s["what"])),
            ", ".join(t for t in (s["by"], s["reason"]) if t) if by_crew else "",
        )
    before, after = number_of(detail.get("before_pct")), number_of(detail.get("after_pct"))
    parts = (
        [f"from {words.percent(before)} to {words.percent(after)}"]
        if before is not None and after is not None
        else []
    )
    evidence = [EVIDENCE.get(str(e), str(e)) for e in detail.get("evidence") or ()]
    sure = number_of(detail.get("confidence"))
    if evidence:
        parts.append(
            f"because {words.joined(evidence)}" + ("" if sure is None else f" ({100 * sure:.0f}% sure)")
        )
    name = EVENTS.get(str(s["what"]), str(s["what"]).removeprefix("bin_").replace("_", " ").capitalize())
    return when, name, ", ".join(parts)


def _alarm(a: Row, today: Today) -> tuple[int, str, str, str]:
    over = (
        ""
        if a["cleared_at"] is None
        else f", over {words.day_and_clock(a['cleared_at'], today.zone, today.now)}"
    )
    return (
        int(a["alarm_id"]),
        str(a["title"]),
        str(a["severity"]),
        f"{words.day_and_clock(a['raised_at'], today.zone, today.now)}{over}",
    )


def _settings(row: Row) -> list[tuple[str, str]]:
    return [
        ("Waste", str(row["stream"])),
        (
            "Kind of place",
            place_of(row) + (", sensitive: an overflow is worse here" if row["sensitive"] else ""),
        ),
        ("Street", str(row["street"])),
        ("Full from", words.percent(float(row["threshold_pct"]))),
        ("Emptied at least every", words.plural(float(row["max_age_days"]), "day")),
        ("Holds", f"{words.number(float(row['capacity_l']))} l"),
        ("Model", str(row["model"] or "none: its own distances count")),
        ("A crew needs", f"{words.number(float(row['service_s']))} s"),
        ("Sensor", str(row["device"])),
    ]
