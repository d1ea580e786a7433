"""Takes reports of missed collections and of public bins, holds them against what is known, and writes them down."""

from __future__ import annotations

import secrets
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from cityops.errors import CityopsError
from rules.bin_days.ports import BinDays, Tracks
from rules.collection_acts.ports import CollectionActs
from rules.core.bin_days.missed import Calendar, CrewSaid, Terms, Verdict, due, fetched_until, judge, next_of
from rules.core.bin_days.model import Collection, Premises
from rules.core.bin_days.published import Timetable, shown
from rules.core.bin_days.track import track_of
from rules.core.bin_days.words import CREW
from rules.core.collection_acts.record import PREMISES, Act, NewAct, reference_of

RESIDENT = "a resident"
AHEAD = timedelta(days=60)
DAY_S = 86_400.0


class NoSuchPremisesError(CityopsError):
    """There are no premises of that UPRN, or the stream is not collected there."""


class MissedDesk:
    """What is answered to "my bin was missed".

    Args:
        days: timetable and premises.
        tracks: where lorries were.
        acts: where reports are kept, and what crews said.
        holidays: bank holidays.
        zone: whose days count.
        terms: what reports are judged by.
    """

    def __init__(
        self,
        days: BinDays,
        tracks: Tracks,
        acts: CollectionActs,
        holidays: frozenset[date],
        zone: ZoneInfo,
        terms: Terms,
    ) -> None:
        self._days, self._tracks, self._acts = days, tracks, acts
        self._holidays, self._zone, self.terms = holidays, zone, terms

    async def report(self, uprn: int, stream: str, now_s: float, via: str) -> Act:
        """Judge a report and write it down with its evidence; a second one of the same day is the first.

        Raises:
            NoSuchPremisesError: nobody lives there, or the stream is not collected there.
            TransientError: the database does not answer.
        """
        place = await self._days.premises(uprn)
        if place is None:
            raise NoSuchPremisesError(f"There is no address with the number {uprn}.")
        table = await self._days.timetable(place.rounds)
        today = self._day(now_s)
        found = shown(table, place.rounds, today - timedelta(days=self.terms.look_back_days), today + AHEAD)
        if not any(c.service.stream == stream for c in found):
            raise NoSuchPremisesError(f"We do not collect {stream!r} at this address.")
        verdict = await self._judged(place, table, found, stream, now_s)
        known = await self._known(uprn, verdict)
        return known if known is not None else await self._write(uprn, verdict, found, now_s, via)

    async def _judged(
        self, place: Premises, table: Timetable, found: list[Collection], stream: str, now_s: float
    ) -> Verdict:
        today = self._day(now_s)
        collection = due(found, stream, today, self.terms)
        if isinstance(collection, Verdict):
            return collection
        assert collection.day is not None
        of = next(r for r in table.rounds if r.round_id == collection.round_id)
        calendar = Calendar(holidays=self._holidays, ends_min=of.ends_min, zone=self._zone)
        from_s, to_s = self._span(collection.day)
        until_s = self._span(fetched_until(found, collection.day, today))[1]
        track = later = track_of([])
        if now_s >= calendar.over_s(collection.day):
            track = await self._tracks.track(of.lorries, from_s, to_s)
            later = await self._tracks.track(of.lorries, to_s, until_s) if until_s > to_s else later
        acts = await self._acts.of_ref(f"{PREMISES}{place.uprn}", from_s, until_s)
        said = [CrewSaid(what=a.what, at_s=a.at_s, note=a.reason) for a in acts if a.what in CREW]
        return judge(
            place, collection, next_of(found, stream, today), now_s, track, said, calendar, self.terms, later
        )

    async def _known(self, uprn: int, verdict: Verdict) -> Act | None:
        """Return the report of the same collection that the council deals with already."""
        if verdict.original is None:
            return None
        since_s = self._span(verdict.original)[0] - 31 * DAY_S
        for r in await self._acts.open_missed(since_s):
            kept = verdict_of(r.act)
            if r.uprn == uprn and (kept.stream, kept.original) == (verdict.stream, verdict.original):
                return r.act
        return None

    async def _write(
        self, uprn: int, verdict: Verdict, found: list[Collection], now_s: float, via: str
    ) -> Act:
        label = next(c.service.label for c in found if c.service.stream == verdict.stream)
        seen: dict[str, Any] = {
            "open": verdict.is_open, "label": label, "verdict": msgspec.to_builtins(verdict),
            "terms": msgspec.to_builtins(self.terms),
        }  # fmt: skip
        of = verdict.original or self._day(now_s)
        once = f"missed:{uprn}:{verdict.stream}:{of}:{verdict.outcome}{await self._after(uprn, of, now_s)}"
        return await self._acts.append(
            NewAct(
                ref=f"{PREMISES}{uprn}", what="missed", at_s=now_s, by=RESIDENT, role="resident", via=via, seen=seen,
                request_id=once, reference=new_reference(),
            )
        )  # fmt: skip

    async def _after(self, uprn: int, of: date, now_s: float) -> str:
        """Return what tells a report from those before a lorry was said to have come back: that may not be so."""
        acts = await self._acts.of_ref(f"{PREMISES}{uprn}", self._span(of)[0] - 31 * DAY_S, now_s + DAY_S)
        came = [a.act_id for a in acts if a.what == "collected"]
        return f":{max(came)}" if came else ""

    def _day(self, at_s: float) -> date:
        return datetime.fromtimestamp(at_s, self._zone).date()

    def _span(self, day: date) -> tuple[float, float]:
        """Return when a local day begins and ends [s since 1970]."""
        begin, end = (datetime.combine(d, time(), self._zone) for d in (day, day + timedelta(days=1)))
        return begin.timestamp(), end.timestamp()


def verdict_of(act: Act) -> Verdict:
    """Return what was answered to a report of a missed collection."""
    return msgspec.convert(act.seen["verdict"], Verdict)


def new_reference() -> str:
    """Return a reference that nobody guesses."""
    return reference_of(secrets.token_bytes(8))
