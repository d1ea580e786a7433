"""The board's first lines: which bins must go today, how soon, and whether the lorries will have done it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops_api.bin_rounds import TodaysRounds
from ops_api.web import words
from ops_api.web.bins_lorries import back_by, driving, lorry_rows
from ops_api.web.bins_rows import BinRow, counted, full_before
from ops_api.web.bins_today import Today
from ops_api.web.brand import Brand

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the board is made of: bins, the newest decision, today's rounds, active alarms of bins, and the town's time."""

    bins: Sequence[Row]
    decision: Row | None
    rounds: TodaysRounds | None
    alarms: Sequence[Row]
    now: datetime


def headline(known: Known, must: Sequence[BinRow], today: Today) -> str:
    """Return the answer: how many bins must go today, and how many of them soon."""
    if not known.bins:
        return "No bin is registered yet"
    n, still = counted(must)
    if n == 0:
        waits = known.decision is None and known.rounds is None
        return "No decision yet: waiting for the first bin readings" if waits else "No bin must go today"
    if still == 0:
        return (
            f"All {words.number(n)} bins that must go today are emptied"
            if n > 1
            else "The bin that must go today is emptied"
        )
    by_id = {r.bin_id for r in must if r.standing.is_open}
    noon = today.now.astimezone(today.zone).replace(hour=12, minute=0, second=0, microsecond=0)
    soon = full_before((b for b in known.bins if str(b["bin_id"]) in by_id), noon, today.now)
    over = sum(r.state == "overflowing" for r in must if r.standing.is_open)
    parts = [
        f"{words.number(over)} overflowing" if over else "",
        f"{words.number(soon)} more full before noon" if soon else "",
    ]
    more = ", ".join(p for p in parts if p)
    what = (
        f"{words.plural(still, 'bin')} must go today"
        if still == n
        else f"{words.number(still)} of {words.number(n)} bins that must go are still to do"
    )
    return f"{what}: {more}" if more else what


def sub(known: Known, must: Sequence[BinRow], taken: Sequence[BinRow], today: Today, brand: Brand) -> str:
    """Return what follows: what is worth the way beside them, lorries, and when they are back."""
    if known.rounds is None:
        return _without_plan(known, must, brand)
    lorries, back = driving(today), back_by(today)
    n, still = counted(must)
    more = f"{words.number(len(taken))} more {_verb(taken)} worth the way. " if taken else ""
    road = "The lorries are back. " if lorries else "No lorry has a round today. "
    if back:
        road = f"{words.plural(lorries, 'lorry', 'lorries')}, back by {back}. "
    done = f"{words.number(n - still)} of {words.number(n)} that must go done. " if still < n else ""
    rest = len(known.bins) - len(must) - len(taken)
    made = words.day_and_clock(
        datetime.fromtimestamp(known.rounds.rounds.at_s, known.now.tzinfo), brand.time_zone, known.now
    )
    return f"{more}{road}{done}{f'The other {words.number(rest)} can wait. ' if rest > 0 else ''}Plan {known.rounds.rounds.version}, made {made}."


def _verb(taken: Sequence[BinRow]) -> str:
    if any(r.standing.is_open for r in taken):
        return "is" if len(taken) == 1 else "are"
    return "was" if len(taken) == 1 else "were"


def _without_plan(known: Known, must: Sequence[BinRow], brand: Brand) -> str:
    if known.decision is None:
        return ""
    made = words.day_and_clock(known.decision["decided_at"], brand.time_zone, known.now)
    rest = len(known.bins) - len(must)
    wait = f"The other {words.number(rest)} can wait. " if rest > 0 and must else ""
    return f"No lorry is planned yet today: these are the candidates as decided {made}. {wait}"


def warnings(known: Known, must: Sequence[BinRow], today: Today) -> list[str]:
    """Return what somebody must look at before the lists."""
    if known.rounds is None:
        return []
    new = sum(r.standing.code == "none" for r in must)
    lost = sum(r.standing.code == "left" and r.standing.text != "Separate job" for r in must)
    found = []
    if lost:
        verb = "is" if lost == 1 else "are"
        found.append(
            f"{words.plural(lost, 'bin')} that must go {verb} in no round: first in the list, with the reason."
        )
    if new:
        verb = "has" if new == 1 else "have"
        found.append(
            f"{words.plural(new, 'bin')} {verb} come to need a lorry since the plan was made: plan again."
        )
    away = [r.lorry_id for r in lorry_rows(today) if r.watch]
    if away:
        found.append(f"{words.joined(away)}: away from the round, or not heard of.")
    return found
