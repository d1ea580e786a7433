"""Takes what crews tap and writes it into the book of acts: once, with the time of the tap."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, Literal

from rules.collection_acts.ports import CollectionActs
from rules.core.collection_acts.record import BIN, Act, NewAct
from rules.core.crew_card.judging import Counts, asked_first
from rules.core.rounds.plan import RoundPlan
from rules.crew_photos.ports import MOST_BYTES, TOO_LARGE, CrewAlbum
from rules.evidence.pictures import Picture, cleaned
from rules.evidence.ports import RefusedError
from rules.rounds.ports import NoSuchRoundsError
from rules.rounds.service import RoundDesk

Tapped = Literal["collected", "blocked", "contaminated", "not_out"]
TAPPED: Final[tuple[Tapped, ...]] = ("collected", "blocked", "contaminated", "not_out")
VIA: Final = "crew page"
LATE_MOST_S: Final = 36 * 3600.0
"""What was tapped without reception may come so late [s]: after the night in the yard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """What was tapped.

    Attributes:
        lorry: of the fleet; ``bin_id``: on its page.
        what, reason: the crew's word.
        version: of the plan on the page.
        at_s: when it was tapped, in the town's time [s since 1970].
        by: who.
        once: the same for the same tap, however often it is sent; empty: what stands already is not said again.
        sure: whether the crew was asked already.
        photo: as it came.
    """

    lorry: str
    bin_id: str
    what: Tapped
    version: int
    at_s: float
    by: str
    reason: str = ""
    once: str = ""
    sure: bool = False
    photo: bytes | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """It is written down. ``changed_s``: when the plan changed that the crew looked at [s since 1970]; None: it did not."""

    act: Act
    changed_s: float | None


@dataclass(frozen=True, slots=True)
class Asks:
    """Nothing is written down yet: ``why``, in words, and since when the plan is another [s since 1970]."""

    why: str
    changed_s: float | None


class CrewTaps:
    """Writes taps down.

    Args:
        desk: of the rounds.
        acts: the book.
        album: of photos.
    """

    def __init__(self, desk: RoundDesk, acts: CollectionActs, album: CrewAlbum) -> None:
        self.desk, self.acts, self.album = desk, acts, album
        self._one = asyncio.Lock()
        self._photos = asyncio.Semaphore(1)

    async def tap(self, tap: Tap) -> Kept | Asks:
        """Write a tap down, or say why the crew is asked first.

        Raises:
            RefusedActError: there is no such bin.
            RefusedError: the photo can't be taken.
            TransientError: the database does not answer.
        """
        picture = None if tap.photo is None else await self._cleaned(tap.photo)
        async with self._one:
            return await self._tap(tap, picture)

    async def undo(self, lorry: str, act_id: int, bin_id: str, by: str, at_s: float) -> Act | None:
        """Take back what this lorry's crew said; None where it does not stand (any more).

        Raises:
            TransientError: the database does not answer.
        """
        stands = await self.acts.of_ref(BIN + bin_id, at_s - LATE_MOST_S, at_s + 60.0)
        if not any(a.act_id == act_id and a.lorry == lorry for a in stands):
            return None
        new = NewAct(
            ref=BIN + bin_id, what="withdrawn", at_s=at_s, by=by, role="crew", via=VIA, lorry=lorry,
            withdraws=act_id, request_id=f"crew:undo:{act_id}",
        )  # fmt: skip
        return await self.acts.append(new)

    async def _tap(self, tap: Tap, picture: Picture | None) -> Kept | Asks:
        day = self.desk.day(tap.at_s)
        newest = await self.desk.book.newest(str(day))
        counts = None if newest is None else Counts(newest.version, newest.at_s, newest.plan)
        changed_s = None if counts is None or counts.version == tap.version else counts.at_s
        ours = await self._said(tap, float(self.desk.midnight_s(day)))
        same = next((a for a in reversed(ours) if _again(a, tap, picture)), None)
        if same is None:
            looked_at = await self._plan(tap.version, counts)
            why = asked_first(tap.lorry, tap.bin_id, tap.at_s, looked_at, counts, bool(ours))
            if why is not None and not tap.sure:
                return Asks(why, changed_s)
            same = await self.acts.append(_act_of(tap, picture))
        if picture is not None and same.seen.get("photo_sha256") == picture.sha256:
            await self.album.keep(same.act_id, picture)
        return Kept(same, changed_s)

    async def _said(self, tap: Tap, from_s: float) -> list[Act]:
        """Return what stands of what this crew said of the bin on the day; the newest last."""
        found = await self.acts.of_ref(BIN + tap.bin_id, from_s, from_s + 2 * LATE_MOST_S)
        return [a for a in found if a.lorry == tap.lorry and a.role == "crew"]

    async def _plan(self, version: int, counts: Counts | None) -> RoundPlan | None:
        if counts is not None and version == counts.version:
            return counts.plan
        try:
            return (await self.desk.book.rounds(version)).plan
        except NoSuchRoundsError:
            return None

    async def _cleaned(self, data: bytes) -> Picture:
        async with self._photos:  # one at a time: a photo takes up to 200 MB while it is decoded
            picture = await asyncio.to_thread(cleaned, data)
        if len(picture.jpeg) > MOST_BYTES:
            raise RefusedError(
                TOO_LARGE
            )  # before the act is written, which would name a photo that nobody has
        return picture


def _again(act: Act, tap: Tap, picture: Picture | None) -> bool:
    """Whether a tap says nothing that an act does not say already."""
    if (act.what, act.plan_version) != (tap.what, tap.version):
        return False
    more = picture is not None and act.seen.get("photo_sha256") != picture.sha256
    return not more and tap.reason.strip() in ("", act.reason)


def _act_of(tap: Tap, picture: Picture | None) -> NewAct:
    said = f"crew:{tap.lorry}:{tap.version}:{tap.bin_id}:{tap.what}:{tap.once}"
    return NewAct(
        ref=BIN + tap.bin_id, what=tap.what, at_s=tap.at_s, by=tap.by, role="crew", via=VIA, reason=tap.reason.strip(),
        seen={} if picture is None else {"photo_sha256": picture.sha256}, lorry=tap.lorry, plan_version=tap.version,
        request_id=said if tap.once else None,
    )  # fmt: skip
