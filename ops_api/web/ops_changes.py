"""What changed in the last hour, for the wall: a few lines, newest first, much of one kind as one line. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ops_api.web import words
from ops_api.web.alarms_view import GROUPS, SEVERITIES
from ops_api.web.brand import Brand
from ops_api.web.ops_closed import RoadNews

Row = Mapping[str, Any]

SPAN = timedelta(hours=1)
READ = 400
"""So many of each kind are read at most; beyond it the number says "and more"."""
SHOWN = 14
ALONE = 2
"""So many alarms of one rule are told one by one; more are one line with their number."""

DONE: Mapping[str, str] = {
    "raised": "Raised",
    "cleared": "Cleared",
    "acknowledged": "Taken",
    "closed": "Closed",
}
MARKS: Mapping[str, str] = {
    "raised": "▲", "cleared": "✓", "acknowledged": "●", "closed": "✓", "worse": "↑", "better": "↓", "decided": "→", "emptied": "▽",
    "treated": "✱", "ordered": "→", "shut": "✕", "opened": "✓",
}  # fmt: skip
ROADS: Mapping[str, str] = {"shut": "Closed", "opened": "Open again"}
OUTCOMES: Mapping[str, str] = {
    "treat": "treat",
    "monitor": "watch",
    "no_action": "nothing to do",
    "refer": "somebody is to decide",
    "collect": "bins to be emptied",
    "none": "nothing to do",
}
ACTS: Mapping[str, str] = {
    "confirmed": "proposal confirmed",
    "changed": "proposal changed",
    "cancelled": "treatment called off",
    "ordered": "treatment ordered",
    "unanswered": "nobody answered the proposal",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What is read for it: rows of ``wall_alarm_lines``, ``wall_decisions``, ``wall_emptied``, ``wall_treated``, ``wall_acts``; ``ops_closed.news``."""

    alarms: Sequence[Row] = ()
    decisions: Sequence[Row] = ()
    emptied: Sequence[Row] = ()
    treated: Sequence[Row] = ()
    acts: Sequence[Row] = ()
    roads: Sequence[RoadNews] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A line: when, a sign and a word for what it is, the text, the page about it."""

    at: datetime = field(repr=False)
    clock: str
    what: str
    mark: str
    says: str
    text: str
    href: str


def changes(happened: Happened, brand: Brand) -> tuple[Change, ...]:
    """Return the lines that fit on a wall, newest first."""
    found = [*_alarms(happened.alarms, brand), *_others(happened, brand)]
    return tuple(sorted(found, key=lambda c: c.at, reverse=True)[:SHOWN])


def _alarms(rows: Sequence[Row], brand: Brand) -> Iterator[Change]:
    by_kind: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        by_kind.setdefault((*_what(row), row["rule_id"]), []).append(row)
    for (what, says, rule), mine in by_kind.items():
        if len(mine) <= ALONE:
            for row in mine:
                yield _change(row["at"], what, says, row["title"], f"/alarms/{row['alarm_id']}", brand)
        else:
            name = GROUPS.get(rule, rule)
            text = (
                f"{words.number(len(mine))}{'+' if len(mine) >= READ else ''} × {name[:1].lower()}{name[1:]}"
            )
            yield _change(mine[0]["at"], what, says, text, f"/alarms?rule={rule}&show=all", brand)


def _what(row: Row) -> tuple[str, str]:
    """Return what happened to an alarm, as a mark and in words: ``worse``, ``Now major``."""
    if row["what"] != "severity":
        return row["what"], DONE[row["what"]]
    became, before = row["became"], row["before"]
    return "worse" if SEVERITIES.index(became) < SEVERITIES.index(before) else "better", f"Now {became}"


def _others(happened: Happened, brand: Brand) -> Iterator[Change]:
    for d in happened.decisions:
        outcome = OUTCOMES.get(d["outcome"], str(d["outcome"]).replace("_", " "))
        place = "Bin rounds" if d["rule_id"] == "bins.collection" else d["label"]
        yield _change(
            d["at"], "decided", "Decided", f"{place}: {outcome}", f"/decisions/{d['decision_id']}", brand
        )
    if len(happened.emptied) > ALONE:
        text = words.plural(len(happened.emptied), "bin") + f", last {happened.emptied[0]['label']}"
        yield _change(happened.emptied[0]["at"], "emptied", "Emptied", text, "/bins", brand)
    else:
        for e in happened.emptied:
            yield _change(e["at"], "emptied", "Emptied", e["label"], f"/bins/{e['bin_id']}", brand)
    for t in happened.treated:
        at = words.moment(t["at"])
        if at is not None:
            yield _change(at, "treated", "Treated", t["label"], f"/winter?route={t['route_id']}", brand)
    for a in happened.acts:
        text = f"{a['label']}: {ACTS.get(a['what'], a['what'])}"
        yield _change(a["at"], "ordered", "Orders", text, f"/winter/{a['route_id']}/orders", brand)
    for at, what, text in happened.roads:
        yield _change(at, what, ROADS[what], text, "/ops/what-if", brand)


def _change(at: datetime, what: str, says: str, text: str, href: str, brand: Brand) -> Change:
    return Change(at, words.clock(at, brand.time_zone), what, MARKS[what], says, text, href)
