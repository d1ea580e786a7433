"""What people add to SensorThings: of which feature their observations are, what goes with what, and with whose device."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from ops_api.sensorthings.core.errors import PathError
from ops_api.sensorthings.service import Sta
from ops_api.sensorthings.writing import Writing
from tests.fakes.sta_rows import ask, fill, serving

pytestmark = pytest.mark.storage
UNIT = {"name": "metre", "symbol": "m", "definition": "ucum:m"}
STREAM = {
    "name": "Level",
    "description": "Water",
    "unitOfMeasurement": UNIT,
    "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
    "Sensor": {"name": "Float", "description": "A ball", "encodingType": "text/html", "metadata": "x"},
    "ObservedProperty": {"name": "Level", "definition": "x", "description": "of water"},
}


@dataclass
class Program:
    """Who makes and asks."""

    sta: Sta
    writing: Writing
    dsn: str

    async def made(self, path: str, body: Any) -> int:
        return (await self.writing.create(self.sta.path(path), body))[1]

    async def observed(self, stream: int, hour: int, **more: Any) -> int:
        body = {"phenomenonTime": f"2026-01-09T{hour:02}:00:00Z", "result": hour, **more}
        return await self.made(f"/Datastreams({stream})/Observations", body)

    async def feature_of(self, observation: int) -> str:
        found = await ask(self.sta, f"/Observations({observation})/FeatureOfInterest")
        return str(found["name"])

    async def sql(self, text: str) -> None:
        async with await psycopg.AsyncConnection.connect(self.dsn, autocommit=True) as conn:
            await conn.execute(text)


@pytest.fixture
async def program(db_dsn: str) -> AsyncIterator[Program]:
    await fill(db_dsn, devices=2, readings=20)
    async with serving(db_dsn) as sta:
        await sta.fresh()
        yield Program(sta, Writing(sta, sta._keeper._pool), db_dsn)


def place(name: str, longitude: float) -> dict[str, Any]:
    return {
        "name": name,
        "description": name,
        "encodingType": "application/geo+json",
        "location": {"type": "Point", "coordinates": [longitude, 52.0]},
    }


def feature(name: str) -> dict[str, Any]:
    shape = place(name, 3.0)
    return {**{k: v for k, v in shape.items() if k != "location"}, "feature": shape["location"]}


async def well(program: Program) -> tuple[int, int]:
    thing = await program.made(
        "/Things", {"name": "Well", "description": "a well", "Locations": [place("Mill", 1.0)]}
    )
    return thing, await program.made(f"/Things({thing})/Datastreams", STREAM)


async def test_an_observation_without_a_feature_is_of_where_its_thing_is_then(program: Program) -> None:
    thing, stream = await well(program)
    pond = await program.observed(stream, 1, FeatureOfInterest=feature("Pond"))
    mill = await program.observed(stream, 2)
    await program.made(f"/Things({thing})/Locations", place("Weir", 2.0))
    weir = await program.observed(stream, 3)
    again = await program.observed(stream, 4)
    found = [await program.feature_of(number) for number in (pond, mill, weir, again)]
    assert found == ["Pond", "Mill", "Weir", "Weir"]


async def test_a_feature_takes_its_observations_with_it_and_nothing_else(program: Program) -> None:
    _, stream = await well(program)
    mill = await program.observed(stream, 1)
    pond = await program.observed(stream, 2, FeatureOfInterest=feature("Pond"), parameters={"by": "hand"})
    [of_mill] = (await ask(program.sta, "/FeaturesOfInterest?$filter=name eq 'Mill'"))["value"]
    await program.writing.delete(program.sta.path(f"/FeaturesOfInterest({of_mill['@iot.id']})"), base="")
    left = (await ask(program.sta, f"/Datastreams({stream})/Observations"))["value"]
    assert [(o["@iot.id"], o["parameters"]) for o in left] == [(pond, {"by": "hand"})]
    with pytest.raises(PathError):
        await ask(program.sta, f"/Observations({mill})")
    assert await program.feature_of(await program.observed(stream, 3)) == "Mill"  # made anew


async def test_what_was_added_to_a_device_goes_into_the_home_with_it(program: Program) -> None:
    [device] = (await ask(program.sta, "/Things?$filter=name eq 'road-0001'&$expand=Locations"))["value"]
    added = await program.made(f"/Things({device['@iot.id']})/Datastreams", STREAM)
    at = {"@iot.id": device["Locations"][0]["@iot.id"]}
    beside = await program.made("/Things", {"name": "Box", "description": "a box", "Locations": [at]})
    own = await program.made(f"/Things({beside})/Datastreams", STREAM)
    assert (await ask(program.sta, f"/Datastreams({own})"))["observedArea"]["coordinates"]
    await program.sql("update device set private = true where name = 'road-0001'")
    with pytest.raises(PathError):
        await ask(program.sta, f"/Datastreams({added})")
    assert "observedArea" not in await ask(program.sta, f"/Datastreams({own})")  # where the home is


async def test_what_was_being_made_while_a_device_came_into_a_home_is_hidden_by_the_next_look(
    program: Program,
) -> None:
    await program.sql("update device set private = true where name = 'road-0001'")
    for table in ("sta_thing", "sta_location", "sta_feature", "sta_datastream"):
        await program.sql(
            f"update {table} set private = false"
        )  # as a transaction that began before left them
    await program.sql("select sta_sync('[]')")
    for entities in ("Things", "Locations", "FeaturesOfInterest"):
        assert [e["name"] for e in (await ask(program.sta, f"/{entities}"))["value"]] != []
        assert await ask(program.sta, f"/{entities}/$count") == "1"
    names = {d["name"].partition(":")[0] for d in (await ask(program.sta, "/Datastreams"))["value"]}
    assert names == {"road-0002"}


async def test_arrays_store_what_can_be_and_say_which_cannot(program: Program) -> None:
    _, stream = await well(program)
    rows = [
        ["2026-01-09T01:00:00Z", 1.0],
        ["2026-01-09T02:00:00Z", "wet"],
        ["2026-01-09T03:00:00Z", 3.0, 4.0],
    ]
    body = [
        {"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"], "dataArray": rows},
        {"Datastream": {"@iot.id": 99}, "components": ["phenomenonTime", "result"], "dataArray": rows[:1]},
    ]
    numbers = await program.writing.create_observations(body)
    assert [number is not None for number in numbers] == [True, False, False, False]


async def test_numbers_of_any_size_come_back_as_they_were_sent(program: Program) -> None:
    thing = await program.made(
        "/Things", {"name": "a", "description": "b", "properties": {"a": 1e30, "b": 10**30}}
    )
    found = await ask(program.sta, f"/Things({thing})")
    assert found["properties"] == {"a": 10**30, "b": 10**30}
    assert await ask(program.sta, f"/Things({thing})/properties/a/$value") == str(10**30)
    assert (await ask(program.sta, f"/Things({thing})/properties"))["properties"] == found["properties"]
