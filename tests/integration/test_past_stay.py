"""Who has moved out is given what is kept of her time in the home, and nothing of before or after."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from cityops.settings import DbSettings, Settings
from ops_api.wiring_privacy import privacy_of
from tests.fakes.households import NOW, Street, case_of, street

pytestmark = pytest.mark.storage
MOVED = NOW - timedelta(minutes=100)
BEGAN = NOW - timedelta(minutes=150)


def rows(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[f"{name}.csv"].decode())))


async def given(lane: Street, tmp_path: Path, member: str, home: str = "home-code-1") -> dict[str, bytes]:
    out = tmp_path / f"{member}.zip"
    async with privacy_of(Settings(db=DbSettings(dsn=lane.dsn), data_dir=tmp_path / "data")) as door:
        size = await door.export_home(home, member, out, "kim")
    assert out.stat().st_size == size
    assert out.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(out) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}


async def lived(lane: Street) -> tuple[str, str]:
    """Ann lived in home 1 from BEGAN to MOVED; what was before and is after is others'. Return her and who came next."""
    ann = lane.residents[1]
    home = await lane.home(1)
    await lane.sql(
        "update household_member set from_at = %s, joined_at = %s, to_at = %s, ended_at = %s where resident_id = %s",
        BEGAN, BEGAN, MOVED, MOVED + timedelta(minutes=5), ann,
    )  # fmt: skip
    await lane.sql("update resident set name = 'Ann' where resident_id = %s", ann)
    await lane.sql("update diary_entry set at = %s", BEGAN + timedelta(minutes=1))
    for at in (BEGAN - timedelta(hours=1), BEGAN + timedelta(minutes=2), MOVED + timedelta(minutes=10)):
        await lane.sql("delete from home_contact")
        await case_of(lane, 1, at, None)
        await lane.sql(
            "insert into access_log (home_id, at, who, role, what, purpose) values (%s, %s, 'Olu', 'housing', 'risk', 'visit')",
            home, at,
        )  # fmt: skip
        for kind, who, about in (
            ("resident", ann, f"home:{home}"), ("staff", "a-1", f"home:{home}"), ("resident", lane.residents[2], f"home:{home}"),
            ("staff", "a-1", "home:999"), ("cli", "kim", f"home:{home}"),
        ):  # fmt: skip
            await lane.sql(
                "select audit_add(%s, %s, %s, 'housing', 'web', 'POST /x', %s, '', '200', '', 'r', '{}')",
                round(at.timestamp() * 1e6), kind, who, about,
            )  # fmt: skip
    await lane.sql(
        "insert into consent (home_id, statistic, recipient_kind, recipient, from_at, given_by, given_at, revoked_at, revoked_by)"
        " values (%s, 'risk', 'council', 'housing', %s, %s, %s, %s, %s)",
        home, BEGAN, ann, BEGAN + timedelta(minutes=3), MOVED, ann,
    )  # fmt: skip
    after = MOVED + timedelta(minutes=20)
    bo = await lane.moves_in(1, "Bo", "token-bo", after)
    await lane.sql("update household_member set joined_at = %s where resident_id = %s", after, bo)
    await lane.sql(
        "insert into diary_entry (home_id, at, activity, note) values (%s, %s, 'shower', 'Bo was here')",
        home,
        after,
    )
    return ann, bo


async def test_who_moved_out_is_given_her_time_and_nothing_else(db_dsn: str, tmp_path: Path) -> None:
    async with street(db_dsn, homes=2) as lane:
        ann, bo = await lived(lane)
        before = [await lane.sql(f"select count(*) from {t}") for t in ("resident_session", "access_log")]
        files = await given(lane, tmp_path, ann)
        measured = [row["ts"] for row in rows(files, "readings/frog-1")]
        assert len(measured) == 50
        assert min(measured) >= BEGAN.isoformat()[:19]
        assert max(measured) < MOVED.isoformat()[:19]
        for name, count in {
            "diary": 1,
            "cases": 1,
            "contacts": 1,
            "photos": 1,
            "looks": 1,
            "sharing": 1,
            "people": 1,
        }.items():
            assert len(rows(files, name)) == count, name
        assert [(x["who"], x["about"].partition(":")[0]) for x in rows(files, "audit")] == [
            ("the operator", "home"), ("staff: housing", "home"), ("you", "home"),
        ]  # fmt: skip
        every = b"".join(files.values())
        for others in (b"Bo", b"frog-2", lane.residents[2].encode(), bo.encode()):
            assert others not in every, others
        # Nothing of it is there afterwards, nobody who lives there now is told, and nobody is signed in by it.
        after = [await lane.sql(f"select count(*) from {t}") for t in ("resident_session", "access_log")]
        assert after == before
        assert await lane.sql("select count(*) from pg_class where relname like 'past\\_%%'") == [(0,)]


async def test_who_lives_there_is_given_her_audit_and_of_nobody_else(db_dsn: str, tmp_path: Path) -> None:
    async with street(db_dsn, homes=2) as lane:
        ann, bo = await lived(lane)
        files = await given(lane, tmp_path, bo)
        assert len(rows(files, "readings/frog-1")) == 81
        # The command itself is a line, of her time.
        assert [x["who"] for x in rows(files, "audit")] == ["the operator"]
        assert ann.encode() not in b"".join(files.values())
        async with lane.as_resident("token-2") as other:
            assert await other.rows("my_audit", home_id=await lane.home(1), before=None, limit=100) == []
        async with lane.as_resident("nobody") as nobody:
            assert await nobody.rows("my_audit", home_id=await lane.home(1), before=None, limit=100) == []


async def test_a_stay_of_no_time_and_one_that_came_again(db_dsn: str, tmp_path: Path) -> None:
    async with street(db_dsn, homes=1) as lane:
        ann = lane.residents[1]
        for start, end in (
            (BEGAN, BEGAN),
            (BEGAN, MOVED),
            (BEGAN + timedelta(minutes=10), MOVED + timedelta(minutes=10)),
        ):
            await lane.sql(
                "insert into household_member (home_id, resident_id, from_at, to_at, ended_at, joined_by) values (%s, %s, %s, %s, %s, 'label')",
                await lane.home(1), ann, start, end, end,
            )  # fmt: skip
        await lane.sql("delete from household_member where to_at is null")
        assert len(rows(await given(lane, tmp_path, ann), "readings/frog-1")) == 60


async def test_what_the_next_household_wrote_before_her_move_was_told_is_not_hers(
    db_dsn: str, tmp_path: Path
) -> None:
    """The council hears late that she left: by then others live there, and write."""
    async with street(db_dsn, homes=1) as lane:
        ann, home = lane.residents[1], await lane.home(1)
        told = MOVED + timedelta(minutes=30)
        await lane.sql("update household_member set from_at = %s, joined_at = %s, to_at = %s, ended_at = %s", BEGAN, BEGAN, MOVED, told)  # fmt: skip
        bo = await lane.moves_in(1, "Bo", "token-bo", MOVED)
        await lane.sql(
            "update household_member set joined_at = %s where resident_id = %s",
            MOVED + timedelta(minutes=10),
            bo,
        )
        await lane.sql("delete from diary_entry")
        for minutes, note in ((5, "Ann, packing"), (20, "Bo was here")):
            await lane.sql(
                "insert into diary_entry (home_id, at, activity, note) values (%s, %s, 'shower', %s)",
                home, MOVED + timedelta(minutes=minutes), note,
            )  # fmt: skip
        files = await given(lane, tmp_path, ann)
        assert [row["note"] for row in rows(files, "diary")] == ["Ann, packing"]
        assert b"Bo" not in b"".join(files.values())
