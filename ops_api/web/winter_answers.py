"""What the duty officer has made of each route's proposal, in a few words of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops_api.web import words
from ops_api.web.brand import Brand
from rules.core.winter_orders.proposals import asks

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """How a route's newest proposal was answered.

    Attributes:
        ref: of the proposal, or of what stands; empty where nothing was asked.
        waits: whether somebody still has to answer.
        cancelled: whether nothing is to be driven, as an officer said.
        words: such as ``confirmed 21:02 by Ada``; a dash where nothing was asked.
    """

    ref: str = ""
    waits: bool = False
    cancelled: bool = False
    words: str = "–"


NOTHING = Answer()


def answer_of(row: Row, brand: Brand, now: datetime, *, names: bool) -> Answer:
    """Return a route's answer.

    Args:
        row: of ``route_answers``.
        brand: whose clock times are said in.
        now: the town's time.
        names: whether it says who; else only that somebody did.
    """
    outcome, ref = row["outcome"], f"P{row['decision_id']}"
    if outcome is None or not asks(outcome):
        return _earlier(row, brand, now, names)
    if row["what"] is None:
        return Answer(ref, waits=True, words="not answered")
    if row["what"] == "unanswered":
        rest = "the proposal stands" if row["stands"] else "nothing is ordered"
        return Answer(ref, waits=True, words=f"not answered in time: {rest}")
    cancelled = row["what"] == "cancelled"
    return Answer(ref, cancelled=cancelled, words=_said(row["what"], row["at"], row["by"], brand, now, names))


def _earlier(row: Row, brand: Brand, now: datetime, names: bool) -> Answer:
    """Return what was said of an earlier proposal or given as an order, where nothing is asked now."""
    if row["last_what"] is None or row["last_what"] == "unanswered":
        return NOTHING
    said = _said(row["last_what"], row["last_at"], row["last_by"], brand, now, names)
    stands = ": stands, though no longer asked for" if row["last_not_needed"] else ""
    return Answer(str(row["last_ref"]), words=f"{row['last_ref']} {said}{stands}")


def _said(what: str, at: datetime, by: str, brand: Brand, now: datetime, names: bool) -> str:
    when = words.day_and_clock(at, brand.time_zone, now).removeprefix("today ")
    return f"{what} {when}" + (f" by {by}" if names else "")
