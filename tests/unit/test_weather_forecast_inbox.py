"""A folder of forecast files: each is read once, when it is written to its end, and a wrong one holds up nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from cityops.errors import ConfigurationError, TransientError
from ops_api.wiring_forecasts import follow
from rules.core.weather_forecast import WeatherForecast
from rules.winter.weather.formats import own_json
from rules.winter.weather.formats.given import Given
from rules.winter.weather.inbox import Inbox, Taken
from rules.winter.weather.memory import MemoryForecasts
from rules.winter.weather.ports import Added
from tests.fakes import weather_forecasts as files
from tests.fakes.weather_forecasts import forecast


def put(path: Path, **changes: object) -> None:
    path.write_bytes(own_json.write(forecast(**changes)))


def names(taken: Sequence[Taken]) -> list[str]:
    return [t.path.name for t in taken]


async def test_a_file_is_taken_once_it_no_longer_changes_and_again_when_it_does(tmp_path: Path) -> None:
    store = MemoryForecasts()
    inbox = Inbox(tmp_path, store, by="kim")
    whole = own_json.write(forecast())
    path = tmp_path / "a.json"
    path.write_bytes(whole[:100])
    assert await inbox.look() == []
    path.write_bytes(whole)  # its writer goes on
    assert await inbox.look() == []
    [taken] = await inbox.look()
    assert (taken.wrong, [a.is_new for a in taken.added]) == ("", [True])
    assert await inbox.look() == []
    put(path, source="other")
    assert await inbox.look() == []
    assert names(await inbox.look()) == ["a.json"]
    assert [x.source for x in await store.listed()] == ["other", "test"]
    path.unlink()
    assert await inbox.look() == []
    again = Inbox(tmp_path, store, by="kim")  # after a restart
    put(path)
    [taken] = await again.look(settled=True)
    assert [a.is_new for a in taken.added] == [False]


async def test_a_wrong_file_is_told_once_and_holds_up_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    put(tmp_path / "b.json")
    for name in (".hidden", "c.json.part", "station.xml"):
        (tmp_path / name).write_text("{")
    (tmp_path / "folder").mkdir()
    inbox = Inbox(tmp_path, MemoryForecasts(), by="kim")
    wrong, right = await inbox.look(settled=True)
    assert wrong.path.name == "a.json"
    assert "no JSON" in wrong.wrong
    assert names([right]) == ["b.json"]
    assert await inbox.look(settled=True) == []
    with pytest.raises(ConfigurationError, match="No such file"):
        await Inbox(tmp_path / "none", MemoryForecasts(), by="kim").look()


async def test_metro_files_use_the_station_in_the_folder_or_what_is_given(tmp_path: Path) -> None:
    (tmp_path / "f.xml").write_text(files.metro())
    (tmp_path / "station.xml").write_text(files.METRO_STATION)
    store = MemoryForecasts()
    await Inbox(tmp_path, store, by="kim").look(settled=True)
    await Inbox(
        tmp_path, store, "kim", Given(place="Hill", latitude_deg=52.0, longitude_deg=-1.0), "metro"
    ).look(settled=True)
    assert {k.place for k in await store.listed()} == {"ost", "Hill"}


class Away(MemoryForecasts):
    """A store whose database does not answer at first."""

    times = 1

    async def add(self, forecasts: Sequence[WeatherForecast], by: str) -> list[Added]:
        if self.times > 0:
            self.times -= 1
            raise TransientError("database: away")
        return await super().add(forecasts, by)


async def test_what_was_not_kept_is_read_again(tmp_path: Path) -> None:
    put(tmp_path / "a.json")
    put(tmp_path / "b.json", source="other")
    store = Away()
    inbox = Inbox(tmp_path, store, by="kim")
    with pytest.raises(TransientError):
        await inbox.look(settled=True)
    assert names(await inbox.look(settled=True)) == ["a.json", "b.json"]
    assert len(await store.listed()) == 2


async def test_a_folder_is_followed_until_told_to_stop_whatever_is_put_there(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    put(tmp_path / "b.json")
    store, stop = Away(), asyncio.Event()
    following = asyncio.create_task(follow(Inbox(tmp_path, store, by="kim"), stop, 0.02))
    async with asyncio.timeout(60):
        while len(await store.listed()) < 1:
            await asyncio.sleep(0.02)
        put(tmp_path / "c.json", source="other")
        while len(await store.listed()) < 2:
            await asyncio.sleep(0.02)
    stop.set()
    await following
    assert store.times == 0
