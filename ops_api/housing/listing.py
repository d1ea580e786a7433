"""Homes that are shared, ranked by risk, each with why, for how long, how far to trust it, and its clocks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from ops_api.damp_text import CAUSES
from ops_api.housing.clocks import Clock, cases_of, clock_of, urgency, worst
from ops_api.web import words
from rules.core.analyst.honesty import FLAG_WORDS
from rules.core.damp_cause.words import FAIRLY, SURE
from rules.core.evidence.contents import Case
from rules.core.legal_clock import Law, WorkingDays

Row = Mapping[str, Any]
Risk = Literal["high", "raised", "low", "unknown"]
RISKS: tuple[Risk, ...] = ("high", "raised", "low", "unknown")
"""The worst first."""
WEEK = timedelta(days=7)
COMPLETE = 0.9
"""Below this share of readings it is said."""


@dataclass(frozen=True, slots=True)
class SharedHome:
    """A home that shows the housing team something.

    Attributes:
        shares: what it shows, in words.
        risk: the worse of the wall now and the last weeks' finding; ``unknown`` where it is not shared or not known.
        now, weeks_say: the two it was made of; None where one is not there.
        cause, confidence: of the newest finding that is shared.
        index: risk index of the newest finding, 0 to 6.
        since: from when it has been at least so, and ``how_long`` in words.
        quality: what is to be said of the figures; empty where nothing is.
        weeks: findings by week, the newest first.
        cases: the council's own, with their clocks.
    """

    home_id: int
    label: str
    ward_id: str
    ward: str
    shares: tuple[str, ...]
    risk: Risk
    now: Risk | None
    weeks_say: Risk | None
    cause: str | None
    confidence: float | None
    why: str
    index: float | None
    since: datetime | None
    how_long: str
    room: str
    as_of: date | None
    seen_at: datetime | None
    completeness: float | None
    quality: tuple[str, ...]
    weeks: tuple[Row, ...]
    cases: tuple[Case, ...]
    clocks: tuple[Clock, ...]

    @property
    def clock(self) -> Clock | None:
        """The clock that needs somebody first."""
        return worst(self.clocks)

    @property
    def case_state(self) -> str:
        """``overdue``, ``running``, ``waiting``, ``over`` or ``none``."""
        clock = self.clock
        return "none" if clock is None else clock.where


def shared_home(row: Row, now: datetime, town: datetime, law: Law, days: WorkingDays) -> SharedHome:
    """Return a home from a row of the database's function ``housing_read``.

    Args:
        row: of one home.
        now: the wall's time, which legal limits go by.
        town: the time it is in the town, which ages of measurements go by.
        law: limits.
        days: calendar.
    """
    finding, weeks = row["finding"] or {}, tuple(row["weeks"] or ())
    cases = cases_of(row["cases"])
    wall, weekly = _risk(row["risk"]), _risk(finding.get("risk"))
    risk = worse(wall, weekly)
    since = so_since(risk, weeks, words.moment(row["since"]), _shared_from(row["shares"]))
    return SharedHome(
        home_id=row["home_id"],
        label=row["label"],
        ward_id=row["ward_id"] or "",
        ward=row["ward"] or "",
        shares=tuple(_share(s) for s in row["shares"]),
        risk=risk,
        now=wall,
        weeks_say=weekly,
        cause=finding.get("cause"),
        confidence=finding.get("confidence"),
        why=why_words(finding, wall),
        index=finding.get("mould_index"),
        since=since,
        how_long=_how_long(risk, since, town),
        room=finding.get("room") or row["room"] or "",
        as_of=None if not finding else date.fromisoformat(finding["to_day"]),
        seen_at=row["at"],
        completeness=finding.get("completeness"),
        quality=quality_words(finding),
        weeks=weeks,
        cases=cases,
        clocks=tuple(clock_of(c, now, law, days) for c in cases),
    )


def _risk(value: object) -> Risk | None:
    return next((r for r in RISKS if r == value), None)


def _share(share: Row) -> str:
    what = {"risk": "damp risk and why", "daily": "daily means"}[share["statistic"]]
    return what if share["room"] is None else f"{what} of {share['room'] or 'one room'}"


def worse(*risks: Risk | None) -> Risk:
    """Return the worst of risks that are known."""
    return min((r for r in risks if r is not None), key=RISKS.index, default="unknown")


def _shared_from(shares: Iterable[Row]) -> datetime | None:
    times = [words.moment(s["from_at"]) for s in shares if s["statistic"] == "risk"]
    return None if None in times else min((t for t in times if t is not None), default=None)


def so_since(
    risk: Risk, weeks: Sequence[Row], wall_since: datetime | None, shared_from: datetime | None = None
) -> datetime | None:
    """Return from when a risk has been at least so: the first of unbroken weeks, or since when the wall is damp.

    Args:
        risk: that the home is at.
        weeks: findings, the newest first.
        wall_since: from when the alarm's condition holds.
        shared_from: from when it is shared: nothing before is told, though the first week may begin sooner.
    """
    found = None if risk not in ("high", "raised") else wall_since
    before: date | None = None
    for row in weeks:
        week = date.fromisoformat(row["week"])
        if (before is not None and before - week != WEEK) or RISKS.index(row["risk"]) > RISKS.index(risk):
            break
        before = week
    if before is None:
        return found
    began = datetime(before.year, before.month, before.day, tzinfo=UTC)
    if shared_from is not None:
        began = max(began, shared_from)
    return began if found is None else min(began, found)


def _how_long(risk: Risk, since: datetime | None, town: datetime) -> str:
    if since is None or risk == "unknown":
        return ""
    span = max(town - since, timedelta(0))
    if span < 2 * WEEK:
        return f"for {words.duration(span)}"
    return f"for {span // WEEK} weeks"


def why_words(finding: Row, wall: Risk | None) -> str:
    """Return why a home is damp in one sentence, with how sure that is."""
    if not finding:
        return "" if wall is None else "Why is not known yet: it takes whole days that are shared."
    cause = finding["cause"]
    if cause is None:
        return f"Not enough to tell why. {finding.get('not_enough') or ''}".strip()
    if cause == "none":
        return "The walls were dry nearly all the time."
    also = [CAUSES.get(c, c) for c in finding.get("also") or ()]
    more = f"; also {words.joined(also)}" if also else ""
    said = CAUSES.get(str(cause), str(cause))
    return f"{said[0].upper()}{said[1:]} ({sure_words(finding['confidence'])}){more}."


def sure_words(confidence: float | None) -> str:
    """Return how sure a cause is: ``quite sure, 85%``."""
    if confidence is None:
        return "not sure"
    sure = "quite sure" if confidence >= SURE else "fairly sure" if confidence >= FAIRLY else "not sure"
    return f"{sure}, {words.percent(100.0 * confidence)}"


def quality_words(finding: Row) -> tuple[str, ...]:
    """Return what is to be said of a finding's figures."""
    complete = finding.get("completeness")
    said = (
        []
        if complete is None or complete >= COMPLETE
        else [f"{words.percent(100.0 * complete)} of the readings"]
    )
    for flag, n in sorted((finding.get("flag_days") or {}).items()):
        if flag != "gaps":
            said.append(f"{FLAG_WORDS.get(flag, flag)} ({words.plural(n, 'day')})")
    return tuple(said)


def ranked(homes: Iterable[SharedHome]) -> list[SharedHome]:
    """Return homes by risk, the worst first; of the same risk by index, then who has had it longest."""
    return sorted(homes, key=_rank)


def _rank(h: SharedHome) -> tuple[int, float, float, int]:
    since = float("inf") if h.since is None else h.since.timestamp()
    return RISKS.index(h.risk), -(h.index or 0.0), since, h.home_id


def by_clock(homes: Iterable[SharedHome]) -> list[SharedHome]:
    """Return homes by their clocks, overdue ones first; those without one by risk after them."""

    def key(h: SharedHome) -> tuple[Any, ...]:
        clock = h.clock
        return (1, (0, 0.0, 0), _rank(h)) if clock is None else (0, urgency(clock), _rank(h))

    return sorted(homes, key=key)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which homes somebody wants to see; an empty field: all. ``text``: in the address or the number."""

    risk: str = ""
    cause: str = ""
    case: str = ""
    ward: str = ""
    text: str = ""
    order: str = "risk"

    @property
    def narrow(self) -> bool:
        """Whether anything is left out."""
        return any((self.risk, self.cause, self.case, self.ward, self.text))

    def of(self, homes: Iterable[SharedHome]) -> list[SharedHome]:
        """Return those that are wanted, in the wanted order."""
        found = [h for h in homes if self._takes(h)]
        return by_clock(found) if self.order == "clock" else ranked(found)

    def _takes(self, h: SharedHome) -> bool:
        text = self.text.strip().casefold()
        return (
            self.risk in ("", h.risk)
            and self.cause in ("", h.cause or "untold")
            and self.case in ("", h.case_state)
            and self.ward in ("", h.ward_id)
            and (not text or text in h.label.casefold() or text == str(h.home_id))
        )
