"""The board of bins: what must go today and why, the rounds, what is wrong; one answer in its first line. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops_api.bin_rounds import TodaysRounds
from ops_api.web import bins_filter
from ops_api.web.bins_answer import Known, headline, sub, warnings
from ops_api.web.bins_filter import ALL, STATES, Filter, state_of
from ops_api.web.bins_lorries import LorryRow, lorry_rows
from ops_api.web.bins_rows import BinRow, dues, in_order, row_of
from ops_api.web.bins_today import Today
from ops_api.web.bins_words import waits
from ops_api.web.bins_wrong import Wrong, wrongs
from ops_api.web.brand import Brand

Row = Mapping[str, Any]
FIRST = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class BinsView:
    """The page's content.

    Attributes:
        headline, sub: the answer.
        warnings: what somebody must look at before the lists.
        asked, choices: what the reader asked for, and what can be.
        first: so many of ``must`` are shown with all that is known of them; the rest is a list to be opened.
        must, taken, left: bins that must go; that may, and a round takes; that may, or must, and none does.
        lorries, wrong: of today.
        counts: bins by state.
        states: by bin its state, fill, the letter and number of its stop, and what its newest reading waits for, for the map.
        mark: of the plan and of how far the lorries have come: the map's ways are others when it is.
    """

    headline: str
    sub: str
    warnings: tuple[str, ...]
    asked: Filter
    choices: bins_filter.Choices
    first: int
    must: tuple[BinRow, ...]
    taken: tuple[BinRow, ...]
    left: tuple[BinRow, ...]
    lorries: tuple[LorryRow, ...]
    wrong: tuple[Wrong, ...]
    counts: tuple[tuple[str, str, int], ...]
    states: Mapping[str, list[Any]]
    mark: str
    shown: int
    total: int


def view(known: Known, brand: Brand, asked: Filter = ALL) -> BinsView:
    """Return the page's content; ``asked``: which bins the lists are of. The answer is of all of them."""
    today = Today(known.rounds, known.now, brand)
    by_id = {str(b["bin_id"]): b for b in known.bins}
    wrong = wrongs(known.bins, known.alarms, today)
    shown = {b for b, row in by_id.items() if asked.keeps(row, frozenset(w.bin_id for w in wrong))}
    all_due = dues(today, known.decision, known.bins)
    must = [row_of(d, by_id.get(d.bin_id), today) for d in all_due if d.must]
    may = [row_of(d, by_id.get(d.bin_id), today, strip=False) for d in all_due if not d.must]
    taken = [r for r in may if r.standing.code not in ("left", "none")]
    left = [r for r in may if r.standing.code in ("left", "none")]
    counts = Counter(state_of(by_id[b]) for b in shown)

    def listed(rows: Sequence[BinRow]) -> tuple[BinRow, ...]:
        return in_order(r for r in rows if r.bin_id in shown or (r.bin_id not in by_id and not asked.query))

    return BinsView(
        headline=headline(known, must, today),
        sub=sub(known, must, taken, today, brand),
        warnings=tuple(warnings(known, must, today)),
        asked=asked,
        choices=bins_filter.choices(known.bins),
        first=FIRST,
        must=listed(must),
        taken=listed(taken),
        left=listed(left),
        lorries=lorry_rows(today),
        wrong=tuple(w for w in wrong if w.bin_id in shown),
        counts=tuple((s, name, counts[s]) for s, name in STATES.items()),
        states={b: _state(by_id[b], today) for b in by_id if b in shown},
        mark=_mark(known.rounds),
        shown=len(shown),
        total=len(by_id),
    )


def _state(b: Row, today: Today) -> list[Any]:
    state = b["state"] or {}
    standing = today.of(str(b["bin_id"]), state)
    tag = standing.tag if standing.is_open else ""
    return [state_of(b), state.get("fill_pct"), tag, waits(state, today.zone, today.now)]


def _mark(rounds: TodaysRounds | None) -> str:
    if rounds is None:
        return "0"
    behind = sum(not stop.is_open for p in rounds.progress.values() for stop in p.stops)
    return f"{rounds.rounds.version}:{behind}"
