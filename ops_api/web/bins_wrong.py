"""The board's exceptions: bins with something the matter, since when, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ops_api.web import words
from ops_api.web.bins_today import Today
from ops_api.web.bins_words import ALARM_CODES, DO

Row = Mapping[str, Any]
SILENT = timedelta(hours=6)
"""A bin that was not heard of for so long is told as silent."""
PHOTOGRAPHED = frozenset({"blocked", "contaminated", "not_emptied"})
"""What crews take photos of."""
SAID = {
    "tilted": "lies on its side",
    "blocked": "something is in the way of its sensor",
    "stuck": "its sensor says always the same",
    "no_echo": "its sensor hears no echo",
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that is the matter with a bin; ``alarm_id``: its alarm, if any; ``since``: a dash where nobody knows; ``photo``: hash of a crew's."""

    code: str
    name: str
    bin_id: str
    label: str
    why: str
    since: str
    do: str
    alarm_id: int | None
    photo: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    code: str
    why: str
    since: object


def wrongs(bins: Iterable[Row], alarms: Sequence[Row], today: Today) -> tuple[Wrong, ...]:
    """Return what is the matter, the most urgent first, each bin's kind of trouble once.

    Args:
        bins: all that are shown.
        alarms: active ones of bins.
        today: for the time.
    """
    of_bin: dict[str, dict[str, Row]] = {}
    for a in alarms:
        code = ALARM_CODES.get(str(a["rule_id"]))
        if code is not None and a["subject_kind"] == "bin":
            of_bin.setdefault(str(a["subject"]), {})[code] = a
    found = [w for b in bins for w in _of(b, of_bin.get(str(b["bin_id"]), {}), today)]
    order = {code: i for i, code in enumerate(DO)}
    return tuple(sorted(found, key=lambda w: (order[w.code], w.label, w.bin_id)))


def _of(b: Row, alarms: Mapping[str, Row], today: Today) -> Iterator[Wrong]:
    told: set[str] = set()
    for f in _found(b, alarms, today):
        if f.code in told or f.code not in DO:
            continue
        told.add(f.code)
        alarm = alarms.get(f.code)
        since = words.moment(f.since) or (None if alarm is None else alarm["raised_at"])
        yield Wrong(
            code=f.code, name=DO[f.code][0], bin_id=str(b["bin_id"]), label=str(b["label"]), why=f.why.replace(" %", "%"),
            since=words.day_and_clock(since, today.zone, today.now), do=DO[f.code][1],
            alarm_id=None if alarm is None else int(alarm["alarm_id"]),
            photo=str(b.get("photo") or "") if f.code in PHOTOGRAPHED else "",
        )  # fmt: skip


def _found(b: Row, alarms: Mapping[str, Row], today: Today) -> Iterator[_Found]:
    state = b["state"] or {}
    if state.get("on_fire") or "fire" in alarms:
        yield _Found(
            "fire", str(alarms["fire"]["reason"]) if "fire" in alarms else "its temperature says so", None
        )
    for e in state.get("exceptions") or ():
        yield _Found(str(e.get("code")), str(e.get("why") or ""), e.get("since"))
    condition = str(state.get("condition") or "ok")
    if condition != "ok":
        yield _Found(condition, SAID.get(condition, condition), None)
    for code, alarm in alarms.items():
        yield _Found(code, str(alarm["reason"]), None)
    at = b["at"]
    if at is None or today.now - at > SILENT:
        yield _Found(
            "silent",
            "not heard of" if at is None else f"not heard of for {words.duration(today.now - at)}",
            at,
        )
