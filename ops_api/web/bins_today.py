"""Where each bin stands in today's rounds: by which lorry, when, done or not, or why it is in none. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ops_api.bin_rounds import TodaysRounds
from ops_api.web import words
from ops_api.web.brand import Brand
from rules.core.crew.model import StopNow
from rules.core.rounds.plan import LorryRound, NotCollected, Stop

Row = Mapping[str, Any]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a bin stands.

    Attributes:
        code: ``done``, ``skipped``, ``next``, ``to_come``, ``unsure`` (its time is over and nobody has said), ``left`` (in no round), ``none`` (nobody has planned it).
        text: the same in words, with its time.
        at_s: when it is or was its turn [s since 1970]; None: never.
        lorry, tag: who, and the lorry's letter with the stop's number, ``A14``; empty where none.
    """

    code: str
    text: str
    at_s: float | None = None
    lorry: str = ""
    tag: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the bin still waits for a lorry."""
        return self.code not in ("done", "skipped")


@dataclass(frozen=True, slots=True)
class _Turn:
    lorry: str
    tag: str
    stop: Stop
    now: StopNow | None


class Today:
    """Looks bins up in today's rounds.

    Args:
        rounds: the newest plan; None: there is none.
        now: the town's time.
        brand: for the zone.
    """

    def __init__(self, rounds: TodaysRounds | None, now: datetime, brand: Brand) -> None:
        self.rounds, self.now, self.zone = rounds, now, brand.time_zone
        self.letters = {} if rounds is None else letters(rounds)
        self._turns = {} if rounds is None else {t.stop.ref: t for t in self._all(rounds)}
        self._left: dict[str, NotCollected] = (
            {} if rounds is None else {n.bin_id: n for n in rounds.plan.not_collected}
        )
        self._earlier = {} if rounds is None else _earlier(rounds)

    def of(self, bin_id: str, state: Row) -> Standing:
        """Return where a bin stands; ``state``: what is known of it now."""
        turn = self._turns.get(bin_id)
        if turn is None:
            return self._without_turn(bin_id, state)
        now = turn.now
        at_s = None if now is None else now.at_s
        if now is not None and now.state == "skipped":
            said = (now.what or "").replace("_", " ")  # what the crew wrote is not for everybody
            return self._standing(
                "skipped", f"Skipped {self.clock(at_s)}{': ' + said if said else ''}", turn, at_s
            )
        if now is not None and now.state == "done" and now.by != "clock":
            return self._standing("done", f"Emptied {self.clock(at_s)}", turn, at_s)
        emptied = self.emptied_today(state)
        if emptied is not None:
            return self._standing("done", f"Emptied {words.clock(emptied, self.zone)}", turn, None)
        if (
            now is not None and now.state == "done"
        ):  # by the plan's clock alone: nobody has heard of the lorry
            return self._standing(
                "unsure", f"Was due {self.clock(now.planned_s)}, not confirmed", turn, now.planned_s
            )
        expected_s = turn.stop.begins_s if now is None or now.expected_s is None else now.expected_s
        if now is not None and now.state == "next":
            return self._standing("next", f"Next, {self.clock(expected_s)}", turn, expected_s)
        return self._standing("to_come", self.clock(expected_s), turn, expected_s)

    def was_at(self, bin_id: str) -> bool:
        """Whether a lorry was at a bin by an earlier plan of the day."""
        return bin_id in self._earlier

    def why_left(self, bin_id: str) -> NotCollected | None:
        """Return why a candidate is in no round; None: it is in one, or is no candidate."""
        return self._left.get(bin_id)

    def clock(self, of_day_s: float | None) -> str:
        """Return a time of the plan's day by the town's clock."""
        if of_day_s is None or self.rounds is None:
            return "–"
        return words.clock(datetime.fromtimestamp(self.rounds.plan.day_s + of_day_s, UTC), self.zone)

    def emptied_today(self, state: Row) -> datetime | None:
        """Return when a bin was emptied today, as its sensor saw it; None: it was not, or has filled up since."""
        at = words.moment(state.get("last_emptied_at"))
        if at is None or state.get("needs_collection"):
            return None
        return at if at.astimezone(self.zone).date() == self.now.astimezone(self.zone).date() else None

    def _without_turn(self, bin_id: str, state: Row) -> Standing:
        if bin_id in self._earlier:
            lorry, stop = self._earlier[bin_id]
            code, word = ("skipped", "Skipped") if stop.state == "skipped" else ("done", "Emptied")
            return Standing(code, f"{word} {self.clock(stop.at_s)}", None, lorry, self.letters.get(lorry, ""))
        emptied = self.emptied_today(state)
        if emptied is not None:
            return Standing("done", f"Emptied {words.clock(emptied, self.zone)}")
        if bin_id in self._left:
            return Standing("left", "In no round")
        return Standing("none", "Not in the plan" if self.rounds is not None else "No plan yet")

    def _standing(self, code: str, text: str, turn: _Turn, of_day_s: float | None) -> Standing:
        day_s = 0 if self.rounds is None else self.rounds.plan.day_s
        return Standing(code, text, None if of_day_s is None else day_s + of_day_s, turn.lorry, turn.tag)

    def _all(self, rounds: TodaysRounds) -> Iterator[_Turn]:
        for r in rounds.plan.rounds:
            progress = rounds.progress.get(r.lorry_id)
            for n, i in enumerate(_bins(r), start=1):
                now = None if progress is None else progress.stops[i]
                yield _Turn(r.lorry_id, f"{self.letters[r.lorry_id]}{n}", r.stops[i], now)


def letters(rounds: TodaysRounds) -> dict[str, str]:
    """Return a letter for each lorry of the plan, in its order; after Z two."""
    names = [r.lorry_id for r in rounds.plan.rounds]
    return {
        name: LETTERS[i] if i < len(LETTERS) else LETTERS[i // len(LETTERS) - 1] + LETTERS[i % len(LETTERS)]
        for i, name in enumerate(names)
    }


def _bins(r: LorryRound) -> list[int]:
    return [i for i, stop in enumerate(r.stops) if stop.kind == "bin"]


def _earlier(rounds: TodaysRounds) -> dict[str, tuple[str, StopNow]]:
    return {s.ref: (name, s) for name, p in rounds.progress.items() for s in p.earlier if s.kind == "bin"}
