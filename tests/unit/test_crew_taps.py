"""What a crew taps is a fact and is kept once; it is asked only where another lorry has the bin by now."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from devices.registry import Registry
from rules.collection_acts.memory import MemoryActs
from rules.core.rounds.plan import LorryRound, RoundPlan
from rules.core.rounds.planner import Inserting
from rules.crew_photos.memory import MemoryCrewAlbum
from rules.crew_taps.service import Asks, CrewTaps, Kept, Tap
from rules.evidence.ports import RefusedError
from rules.rounds.memory import MemoryRounds, MemoryRoundTown
from rules.rounds.ports import NewRounds, Rounds
from rules.rounds.service import RoundDesk
from tests.fakes.evidence_home import photo_bytes
from tests.fakes.rounds_town import day_of, lorries

ZONE = ZoneInfo("Europe/London")
DAY = "2026-06-13"
MADE = datetime(2026, 6, 13, 4, 30, tzinfo=UTC).timestamp()
REQUEST = day_of(bins=8)
PLAN = Inserting()(REQUEST)
FIRST = next(r for r in PLAN.rounds if r.bins)
BIN = FIRST.bins[0]


@dataclass
class Crew:
    taps: CrewTaps
    acts: MemoryActs
    album: MemoryCrewAlbum
    book: MemoryRounds

    async def plan(self, plan: RoundPlan, at_s: float) -> Rounds:
        before = await self.book.newest(DAY)
        return await self.book.add(
            NewRounds(
                day=DAY, after=None if before is None else before.version, decision_id=None, fleet_id=1, at_s=at_s,
                by="Ada", role="x", via="x", reason="", plan=plan,
            )
        )  # fmt: skip

    async def tap(self, **more: object) -> Kept | Asks:
        usual = Tap(
            lorry=FIRST.lorry_id,
            bin_id=BIN,
            what="collected",
            version=1,
            at_s=MADE + 3600.0,
            by="Cleo",
            once="k1",
        )
        return await self.taps.tap(replace(usual, **more))  # type: ignore[arg-type]

    @property
    def said(self) -> list[tuple[str, str, float]]:
        return [(a.ref, a.what, a.at_s) for a in self.acts.acts]


@pytest.fixture
async def crew() -> Crew:
    book, acts = MemoryRounds(), MemoryActs({c.bin_id: {} for c in REQUEST.candidates})
    desk = RoundDesk(book, MemoryRoundTown(Registry(name="x")), lambda i, s: Inserting(), ZONE)
    await book.put_fleet(lorries(2), "Ada", "")
    album = MemoryCrewAlbum(acts)
    made = Crew(CrewTaps(desk, acts, album), acts, album, book)
    await made.plan(PLAN, MADE)
    return made


async def test_a_photo_that_is_too_large_is_refused_before_an_act_names_it(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rules.crew_taps.service.MOST_BYTES", 100)
    with pytest.raises(RefusedError, match="take another"):
        await crew.tap(photo=photo_bytes())
    assert crew.said == []
    monkeypatch.undo()
    assert isinstance(await crew.tap(photo=photo_bytes()), Kept)
    assert len(crew.album.photos) == 1


def given_away(to: str | None) -> RoundPlan:
    """The plan with the first bin at another lorry, or none."""
    rounds = []
    stop = next(s for s in FIRST.stops if s.ref == BIN)
    for r in PLAN.rounds:
        stops = tuple(s for s in r.stops if s.ref != BIN)
        if r.lorry_id == to:
            stops = (stops[0], stop, *stops[1:]) if stops else (FIRST.stops[0], stop, FIRST.stops[-1])
        rounds.append(LorryRound(lorry_id=r.lorry_id, stops=stops))
    return msgspec.structs.replace(PLAN, rounds=tuple(rounds))


OTHER = next(r.lorry_id for r in PLAN.rounds if r.lorry_id != FIRST.lorry_id)


async def test_a_tap_is_written_once_however_often_it_comes(crew: Crew) -> None:
    found = await asyncio.gather(*(crew.tap() for _ in range(3)), crew.tap(once="another phone of the crew"))
    assert crew.said == [(f"bin:{BIN}", "collected", MADE + 3600.0)]
    assert {k.act.act_id for k in found if isinstance(k, Kept)} == {1}
    act = crew.acts.acts[0]
    assert (act.by, act.role, act.via, act.lorry, act.plan_version) == (
        "Cleo",
        "crew",
        "crew page",
        FIRST.lorry_id,
        1,
    )
    assert all(isinstance(k, Kept) and k.changed_s is None for k in found)


async def test_what_is_undone_can_be_tapped_again_and_only_its_own_crew_undoes_it(crew: Crew) -> None:
    await crew.tap()
    later = MADE + 4000.0
    assert await crew.taps.undo(OTHER, 1, BIN, "Eve", later) is None
    undone = await crew.taps.undo(FIRST.lorry_id, 1, BIN, "Cleo", later)
    assert undone is not None
    assert (undone.what, undone.withdraws) == ("withdrawn", 1)
    assert await crew.taps.undo(FIRST.lorry_id, 1, BIN, "Cleo", later) is None
    await crew.tap(once="k2", what="blocked", reason=" a van ", at_s=later)
    assert [what for _, what, _ in crew.said] == ["collected", "withdrawn", "blocked"]
    # A form that names no tap of its own says again what was taken back.
    for _ in range(2):
        await crew.tap(once="", at_s=later)
    assert [what for _, what, _ in crew.said][3:] == ["collected"]
    assert crew.acts.acts[2].reason == "a van"


async def test_with_a_newer_plan_that_leaves_the_bin_here_a_tap_is_kept_and_the_change_told(
    crew: Crew,
) -> None:
    await crew.plan(PLAN, MADE + 1800.0)
    kept = await crew.tap()
    assert isinstance(kept, Kept)
    assert (kept.changed_s, kept.act.plan_version) == (MADE + 1800.0, 1)


async def test_a_tap_from_before_the_plan_changed_is_kept_wherever_the_bin_is_now(crew: Crew) -> None:
    """It was tapped without reception: then the bin was this lorry's."""
    await crew.plan(given_away(OTHER), MADE + 7200.0)
    kept = await crew.tap()
    assert isinstance(kept, Kept)
    assert kept.changed_s == MADE + 7200.0


@pytest.mark.parametrize(
    ("to", "words"), [(OTHER, f"on the list of {OTHER} now"), (None, "on no lorry’s list now")]
)
async def test_a_tap_on_a_bin_that_is_another_lorrys_is_asked_and_kept_when_it_is_meant(
    crew: Crew, to: str | None, words: str
) -> None:
    await crew.plan(given_away(to), MADE + 1800.0)
    asks = await crew.tap()
    assert isinstance(asks, Asks)
    assert (words in asks.why, asks.changed_s, crew.said) == (True, MADE + 1800.0, [])
    kept = await crew.tap(sure=True)
    assert isinstance(kept, Kept)
    assert len(crew.said) == 1
    # What the crew said of it stands: now it may say more without being asked.
    assert isinstance(await crew.tap(what="contaminated", once="k3"), Kept)


async def test_a_tap_of_a_day_without_a_plan_is_asked(crew: Crew) -> None:
    asks = await crew.tap(at_s=MADE - 86_400.0, version=99)
    assert isinstance(asks, Asks)
    assert (asks.why, asks.changed_s) == ("There is no plan of that day.", None)


async def test_a_photo_goes_with_its_act_and_a_second_one_is_said_too(crew: Crew) -> None:
    await crew.tap(what="blocked")
    assert crew.album.photos == {}
    with_photo = await crew.tap(what="blocked", photo=photo_bytes(), once="k2")
    assert isinstance(with_photo, Kept)
    assert len(crew.said) == 2
    [sha256] = crew.album.photos
    assert with_photo.act.seen["photo_sha256"] == sha256
    again = await crew.tap(what="blocked", photo=photo_bytes(), once="k2")
    assert isinstance(again, Kept)
    assert again.act.act_id == with_photo.act.act_id
    with pytest.raises(RefusedError):
        await crew.tap(what="not_out", photo=b"no photo", once="k4")
    assert len(crew.said) == 2
