"""A crew's round as a file: a card for paper, or a track for a navigation device."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from ops_api.crew_desk import CrewDesk, Told
from ops_api.web import words
from rules.core.crew_card.paper import card_document, clock_of
from rules.core.crew_card.track import track
from rules.evidence.card_pdf import set_card
from rules.rounds.ports import NoSuchRoundsError, Rounds

PACKAGE = "rules.rounds"


async def crew_file(
    desk: CrewDesk, lorry: str, version: int | None, now_s: float, suffix: str, council: str
) -> bytes:
    """Return a lorry's card; what has been replaced says so.

    Args:
        desk: of the crews.
        lorry: of a plan.
        version: number of the plan; None: today's newest.
        now_s: the town's time [s since 1970].
        suffix: ``.pdf`` or ``.gpx``.
        council: whose lorry it is.

    Raises:
        NoSuchRoundsError: there is no such card.
    """
    book = desk.rounds.book
    rounds = await desk.rounds.newest(now_s) if version is None else await book.rounds(version)
    if rounds is None or not any(r.lorry_id == lorry and r.stops for r in rounds.plan.rounds):
        raise NoSuchRoundsError(f"There is no round of {lorry} today.")
    newest = (await book.numbers(rounds.day))[-1]
    replaced = newest if newest != rounds.version else None
    told = await desk.words(rounds)
    zone = ZoneInfo(str(desk.rounds.zone))
    made = _track if suffix == ".gpx" else _paper

    async def make() -> bytes:
        return await asyncio.to_thread(made, rounds, told, lorry, zone, council, replaced)

    return await desk.files.get((rounds.version, lorry, suffix, council, replaced), make)


def _paper(
    rounds: Rounds, told: Told, lorry: str, zone: ZoneInfo, council: str, replaced: int | None
) -> bytes:
    round_ = next(r for r in rounds.plan.rounds if r.lorry_id == lorry)
    content = card_document(
        rounds.plan, rounds.version, round_, told.lines[lorry], zone, council=council, replaced=replaced
    )
    return set_card(PACKAGE, content, datetime.fromtimestamp(rounds.at_s, UTC))


def _track(
    rounds: Rounds, told: Told, lorry: str, zone: ZoneInfo, council: str, replaced: int | None
) -> bytes:
    day = words.long_date(datetime.combine(date.fromisoformat(rounds.day), time(12), zone), zone)
    about = f"REPLACED by plan {replaced}: do not drive it." if replaced else f"{council}: bins, {day}."
    return track(
        told.lines[lorry], told.ways[lorry], f"{lorry}, plan {rounds.version}, {day}", about, rounds.at_s,
        clock_of(rounds.plan.day_s, zone),
    )  # fmt: skip
