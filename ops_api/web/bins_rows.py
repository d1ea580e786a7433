"""The board's lists of bins: those that must go today with why, chance and when they are full; those that may; those left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops_api.bin_rounds import TodaysRounds
from ops_api.web import bins_strip, words
from ops_api.web.bins_filter import STATES, state_of
from ops_api.web.bins_strip import Strip
from ops_api.web.bins_today import Standing, Today
from ops_api.web.bins_words import chance, number_of, when_full
from rules.core.rounds.model import Candidate

Row = Mapping[str, Any]
LAST = float("inf")
WORST_FIRST = {"overflowing": 0.0, "full": 1.0}
SINCE = "since"
"""Why a bin has to go that had not to when the plan was made."""
LEVEL_CODES = frozenset({"full", "overflow", "report"})
"""Why a bin had to go by what was in it: over once that is out."""


@dataclass(frozen=True, slots=True)
class Due:
    """A bin that a round may serve: whether it must, why, and the chance of an overflow if it is left (0..1; None: not known)."""

    bin_id: str
    must: bool
    code: str
    why: str
    p_overflow: float | None


@dataclass(frozen=True, slots=True)
class BinRow:
    """A bin as the board's lists show it; ``why_left``: why no lorry takes it; ``has_page``: it is registered still."""

    bin_id: str
    label: str
    street: str
    stream: str
    fill: str
    fill_px: float
    state: str
    state_name: str
    why: str
    chance: str
    when: str
    strip: Strip | None
    standing: Standing
    why_left: str = ""
    has_page: bool = True


def dues(today: Today, decision: Row | None, bins: Iterable[Row]) -> list[Due]:
    """Return today's candidates: the plan's, else the decision's; and bins that have come to need collecting since."""
    rounds = today.rounds
    found: list[Due] = []
    if rounds is not None:
        found = [Due(c.bin_id, c.must, c.code, c.why, c.p_overflow) for c in _of_today(rounds, today)]
    elif decision is not None:
        found = _decided(decision.get("result") or {})
    by_id = {d.bin_id: d for d in found}
    for b in bins:
        state, bin_id = b["state"] or {}, str(b["bin_id"])
        before = by_id.get(bin_id)
        if state.get("needs_collection") and (before is None or not before.must):
            p = (state.get("outlook") or {}).get("p_overflow")
            by_id[bin_id] = Due(bin_id, True, SINCE, str(state.get("reason") or ""), p)
    return list(by_id.values())


def _of_today(rounds: TodaysRounds, today: Today) -> list[Candidate]:
    """Return the newest plan's candidates, and those of earlier ones that lorries were at: it names them no more."""
    newest = rounds.plan.made_from.candidates
    named = {c.bin_id for c in newest}
    before = [c for c in rounds.candidates.values() if c.bin_id not in named and today.was_at(c.bin_id)]
    return [*newest, *before]


def _decided(result: Row) -> list[Due]:
    rows = result.get("candidates")
    if rows is None:  # decisions of before there were candidates name only what must go
        return [
            Due(str(s["bin_id"]), True, "full", str(s.get("reason") or ""), None)
            for s in result.get("stops") or ()
        ]
    return [
        Due(str(c["bin_id"]), bool(c["must"]), str(c.get("code") or ""), str(c.get("why") or ""), c.get("p_overflow"))
        for c in rows
    ]  # fmt: skip


def row_of(due: Due, b: Row | None, today: Today, *, strip: bool = True) -> BinRow:
    """Return a candidate as it is shown; ``b`` None: it is not registered any more."""
    state: Row = ((b or {}).get("state")) or {}
    word = "unknown" if b is None else state_of(b)
    fill = number_of(state.get("fill_pct"))
    standing, left = today.of(due.bin_id, state), today.why_left(due.bin_id)
    if state.get("separate_job") and standing.is_open:
        standing = Standing("left", "Separate job")
    if due.code == SINCE and standing.code == "left":  # what the plan left it for is of when it could wait
        standing, left = Standing("none", "Not in the plan"), None
    return BinRow(
        bin_id=due.bin_id,
        label=str((b or {}).get("label") or due.bin_id),
        street=str((b or {}).get("street") or ""),
        stream=str((b or {}).get("stream") or ""),
        fill=words.percent(fill),
        fill_px=0.0 if fill is None else round(max(0.0, min(100.0, fill)), 1),
        state=word,
        state_name=STATES[word],
        why=why_now(due, state, b),
        chance=chance(_p_now(due, state)),
        when=when_full(state, today.zone, today.now),
        strip=bins_strip.draw(state.get("outlook"), today.zone, today.now) if strip else None,
        standing=standing,
        why_left="" if left is None else left.why.replace(" %", "%"),
        has_page=b is not None,
    )


def _p_now(due: Due, state: Row) -> float | None:
    """Return the chance as it is now, else as it was when the plan was made."""
    now = number_of((state.get("outlook") or {}).get("p_overflow"))
    return due.p_overflow if now is None else now


def why_now(due: Due, state: Row, b: Row | None) -> str:
    """Return why a bin is to be emptied, with its level now: the plan's own is of when it was made."""
    fill, limit_pct = state.get("fill_pct"), (b or {}).get("threshold_pct")
    if due.must and state.get("needs_collection"):
        if state.get("state") == "full" and fill is not None and limit_pct is not None and fill < limit_pct:
            return f"was over its limit of {words.percent(limit_pct)}, has settled"
        return str(state.get("reason") or due.why).replace(" %", "%")
    if due.must and due.code in LEVEL_CODES and state:
        return f"was {due.why}".replace(" %", "%")
    if due.code == SINCE:
        return f"since the plan was made: {due.why}".replace(" %", "%")
    return due.why.replace(" %", "%") or ("must go" if due.must else "")


def in_order(rows: Iterable[BinRow]) -> tuple[BinRow, ...]:
    """Return rows as somebody works through them: those in no round first, the worst of them first, then the others by their turn, then what is done."""
    return tuple(sorted(rows, key=_key))


def _key(r: BinRow) -> tuple[int, float, str]:
    if not r.standing.is_open:
        return 2, r.standing.at_s or LAST, r.bin_id
    if r.standing.code in ("left", "none"):
        return 0, WORST_FIRST.get(r.state, LAST), r.bin_id
    return 1, r.standing.at_s or LAST, r.bin_id


def full_before(rows: Iterable[Row], until: datetime, now: datetime) -> int:
    """Return how many bins that are not full yet will probably be so by a time."""
    return sum(_fills(r["state"] or {}, until, now) for r in rows)


def _fills(state: Row, until: datetime, now: datetime) -> bool:
    at = words.moment((state.get("outlook") or {}).get("full_at"))
    return at is not None and now < at <= until and state.get("state") != "overflowing"


def counted(rows: Sequence[BinRow]) -> tuple[int, int]:
    """Return how many there are, and how many of them are still open."""
    return len(rows), sum(r.standing.is_open for r in rows)
