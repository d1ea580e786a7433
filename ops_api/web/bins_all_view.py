"""All bins with their forecast strips, the soonest full first, a page at a time. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops_api.web import bins_filter, bins_strip, words
from ops_api.web.bins_filter import STATES, Choices, Filter, state_of
from ops_api.web.bins_strip import Strip
from ops_api.web.bins_words import chance, number_of, when_full
from ops_api.web.brand import Brand

Row = Mapping[str, Any]
ON_A_PAGE = 100
LATEST = "9999"


@dataclass(frozen=True, slots=True)
class AheadRow:
    """A bin with what is to be expected of it."""

    bin_id: str
    label: str
    street: str
    stream: str
    state: str
    state_name: str
    fill: str
    fill_px: float
    strip: Strip | None
    when: str
    chance: str
    rate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AheadView:
    """The page: the answer, its rows, and which page of how many it is."""

    headline: str
    sub: str
    asked: Filter
    choices: Choices
    scores: str
    rows: tuple[AheadRow, ...]
    page: int
    pages: int


def view(
    bins: Sequence[Row],
    wrong: frozenset[str],
    asked: Filter,
    page: int,
    now: datetime,
    brand: Brand,
    scores: Row | None = None,
) -> AheadView:
    """Return the page's content.

    Args:
        bins: all of them.
        wrong: those with something the matter.
        asked: which are shown.
        page: a page beyond the last is the last.
        now: the town's time.
        brand: for the zone.
        scores: how good the chances have been so far.
    """
    shown = sorted((b for b in bins if asked.keeps(b, wrong)), key=_soonest)
    pages = max(1, -(-len(shown) // ON_A_PAGE))
    page = min(max(page, 1), pages)
    week = sum(_likely(b) for b in shown)
    part = shown[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]
    verb = "is" if week == 1 else "are"
    return AheadView(
        headline=f"{words.plural(week, 'bin')} {verb} likely to be full within a week if left"
        if bins
        else "No bin is registered yet",
        sub=_sub(len(shown), len(bins)),
        asked=asked,
        choices=bins_filter.choices(bins),
        scores=scored(scores or {}),
        rows=tuple(_row(b, now, brand) for b in part),
        page=page,
        pages=pages,
    )


def _sub(shown: int, all_: int) -> str:
    if not all_:
        return ""
    return f"Of {words.plural(shown, 'bin')}, the soonest first." if shown else "None is as you asked for."


def scored(told: Row) -> str:
    """Return in a sentence how good the chances have been; empty where none has been settled."""
    n = number_of(told.get("chances"))
    if n is None or n < 1:
        return ""
    drift = " What comes is no longer what is told: look at the bins' filling." if told.get("drifts") else ""
    brier, usual, off = (number_of(told.get(k)) or 0.0 for k in ("brier", "brier_usual", "calibration_error"))
    return (
        f"How good the chances were: of {words.number(n)} that were settled (those of long ago count less) {words.number(told.get('overflows'))} overflowed and"
        f" {words.number(told.get('overflows_told'))} were told. Brier score {brier:.3f}; {usual:.3f} if each bin were told how often it comes. Calibration error {off:.3f}.{drift}"
    )


def _soonest(b: Row) -> tuple[str, str]:
    at = ((b["state"] or {}).get("outlook") or {}).get("full_at")
    return str(at or LATEST), str(b["bin_id"])


def _likely(b: Row) -> bool:
    strip = ((b["state"] or {}).get("outlook") or {}).get("strip") or {}
    p = strip.get("p_over_pct") or (0,)
    return bool(p[-1] >= bins_strip.LIKELY)


def _row(b: Row, now: datetime, brand: Brand) -> AheadRow:
    state: Row = b["state"] or {}
    outlook: Row = state.get("outlook") or {}
    fill = number_of(state.get("fill_pct"))
    rate = number_of(outlook.get("rate_pct_day"))
    return AheadRow(
        str(b["bin_id"]), str(b["label"]), str(b["street"]), str(b["stream"]), state_of(b), STATES[state_of(b)],
        words.percent(fill), 0.0 if fill is None else round(max(0.0, min(100.0, fill)), 1),
        bins_strip.draw(outlook, brand.time_zone, now), when_full(state, brand.time_zone, now), chance(outlook.get("p_overflow")),
        "–" if rate is None else f"{words.number(rate, 0 if rate >= 10 else 1)}%",
    )  # fmt: skip
