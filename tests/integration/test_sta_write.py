"""Making, changing and taking away over SensorThings, with frost_sta_client, and what it must refuse."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import frost_sta_client as fsc
import pytest

from tests.fakes.sta_keys import key_for
from tests.fakes.website import Site

pytestmark = pytest.mark.filterwarnings("ignore:furl.pathstr")
NOON = datetime(2026, 1, 9, 12, tzinfo=UTC)
POINT = {"type": "Point", "coordinates": [-1.05, 52.1]}
CELSIUS = {"name": "degree Celsius", "symbol": "°C", "definition": "ucum:Cel"}


@dataclass
class Program:
    """A program with a key: what it sends."""

    site: Site
    key: str

    @property
    def service(self) -> fsc.SensorThingsService:
        auth = fsc.AuthHandler(username="key", password=self.key)
        return fsc.SensorThingsService(f"{self.site.url}/sta/v1.1", auth_handler=auth)

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return await self.site.http.request(
            method, f"/sta/v1.1{path}", json=body, headers={"X-Api-Key": self.key, **headers}
        )

    async def made(self, path: str, body: Any) -> Any:
        answer = await self.send("POST", path, body)
        assert answer.status_code == 201, answer.text
        assert answer.headers["location"] == answer.json()["@iot.selfLink"]
        return answer.json()


@pytest.fixture
async def program(site: Site) -> Program:
    return Program(site, await key_for(site, "devices:write", "observations:write"))


async def blocking(call: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(call)


def well() -> fsc.Thing:
    """A thing with its place and a datastream, all in one."""
    place = fsc.Location(
        name="Mill", description="by the mill", location=POINT, encoding_type="application/geo+json"
    )
    stream = fsc.Datastream(
        name="Level",
        description="Water in the well",
        unit_of_measurement=fsc.UnitOfMeasurement("metre", "m", "ucum:m"),
        observation_type="http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        sensor=fsc.Sensor(
            name="Float",
            description="A ball",
            encoding_type="text/html",
            metadata="https://example.org/float",
        ),
        observed_property=fsc.ObservedProperty(
            name="Level", definition="https://example.org/level", description="of water"
        ),
    )
    return fsc.Thing(
        name="Well",
        description="Behind the mill",
        properties={"depth_m": 7},
        locations=[place],
        datastreams=[stream],
    )


async def test_the_client_makes_reads_changes_and_takes_away(program: Program) -> None:
    def made() -> fsc.Thing:
        thing = well()
        program.service.create(thing)
        return thing

    thing = await blocking(made)
    stream = (await program.site.get(f"/sta/v1.1/Things({thing.id})/Datastreams"))["value"][0]["@iot.id"]

    def observed() -> tuple[int, list[float], list[float]]:
        service = program.service
        at = fsc.Datastream(id=stream)
        service.create(fsc.Observation(phenomenon_time=NOON.isoformat(), result=0.0, datastream=at))
        array = fsc.model.ext.data_array_value.DataArrayValue()
        array.datastream = at
        array.components = {array.Property.PHENOMENON_TIME, array.Property.RESULT}
        for n in range(1, 12):
            o = fsc.Observation(
                phenomenon_time=(NOON + timedelta(minutes=n)).isoformat(), result=n / 10, datastream=at
            )
            array.add_observation(o)
        document = fsc.model.ext.data_array_document.DataArrayDocument()
        document.add_data_array_value(array)
        links = service.observations().create(document)
        pages = service.datastreams().find(stream).get_observations().query().top(5).list()
        filtered = (
            service.observations().query().filter(f"Datastream/id eq {stream} and result gt 0.85").list()
        )
        return len(links), [o.result for o in pages], [o.result for o in filtered]

    assert await blocking(observed) == (11, [n / 10 for n in range(12)], [0.9, 1.0, 1.1])

    def changed() -> tuple[Any, ...]:
        service = program.service
        service.patch(
            service.things().find(thing.id), [{"op": "replace", "path": "/properties/depth_m", "value": 8}]
        )
        now = service.things().find(thing.id)
        now.name = "Deep well"
        service.update(now)
        again = service.things().find(thing.id)
        return again.name, again.description, again.properties

    assert await blocking(changed) == ("Deep well", "Behind the mill", {"depth_m": 8})
    feature = await program.site.get(
        f"/sta/v1.1/Datastreams({stream})/Observations?$top=1&$expand=FeatureOfInterest"
    )
    assert feature["value"][0]["FeatureOfInterest"]["feature"] == POINT
    await blocking(lambda: program.service.delete(fsc.Thing(id=thing.id)))
    for gone in (
        f"Things({thing.id})",
        f"Datastreams({stream})",
        f"Observations({feature['value'][0]['@iot.id']})",
    ):
        assert (await program.site.http.get(f"/sta/v1.1/{gone}")).status_code == 404
    assert await program.site.sql("select count(*) from other_reading") == [(0,)]


async def stream_of(program: Program) -> tuple[int, int]:
    """Make a thing with a datastream; return their ids."""
    thing = await program.made(
        "/Things",
        {
            "name": "Mast",
            "description": "",
            "Datastreams": [
                {
                    "name": "Wind",
                    "description": "",
                    "unitOfMeasurement": CELSIUS,
                    "observationType": "OM_Measurement",
                    "Sensor": {"name": "s", "description": "", "encodingType": "text/html", "metadata": "x"},
                    "ObservedProperty": {"name": "p", "description": "", "definition": "https://example.org"},
                }
            ],
        },
    )
    streams = await program.site.get(f"/sta/v1.1/Things({thing['@iot.id']})/Datastreams")
    return thing["@iot.id"], streams["value"][0]["@iot.id"]


async def test_where_a_thing_was_stays_known_when_it_moves(program: Program) -> None:
    thing, _ = await stream_of(program)
    place = {"name": "a", "description": "", "encodingType": "application/geo+json", "location": POINT}
    first = await program.made(f"/Things({thing})/Locations", place)
    second = await program.made(f"/Things({thing})/Locations", {**place, "name": "b"})
    now = await program.site.get(f"/sta/v1.1/Things({thing})/Locations")
    assert [p["@iot.id"] for p in now["value"]] == [second["@iot.id"]]
    was = await program.site.get(
        f"/sta/v1.1/Things({thing})/HistoricalLocations?$expand=Locations&$orderby=time"
    )
    assert [h["Locations"][0]["@iot.id"] for h in was["value"]] == [first["@iot.id"], second["@iot.id"]]
    added = await program.made(
        "/HistoricalLocations",
        {
            "time": "2020-01-01T00:00:00Z",
            "Thing": {"@iot.id": thing},
            "Locations": [{"@iot.id": first["@iot.id"]}],
        },
    )
    assert added["time"] == "2020-01-01T00:00:00Z"
    assert (await program.send("DELETE", f"/Locations({first['@iot.id']})")).status_code == 200
    left = await program.site.get(f"/sta/v1.1/Things({thing})/HistoricalLocations")
    assert len(left["value"]) == 1


async def test_the_same_observation_twice_is_one_and_another_at_its_time_is_refused(program: Program) -> None:
    _, stream = await stream_of(program)
    body = {
        "phenomenonTime": "2026-01-09T12:00:00Z", "result": 0, "resultTime": "2026-01-09T12:00:05+00:00",
        "resultQuality": "good", "validTime": "2026-01-09T12:00:00Z/2026-01-09T13:00:00Z", "parameters": {"by": "crew"},
    }  # fmt: skip
    first, again = [await program.made(f"/Datastreams({stream})/Observations", body) for _ in range(2)]
    assert first == again
    assert (first["result"], first["resultTime"], first["resultQuality"]) == (
        0.0,
        "2026-01-09T12:00:05Z",
        "good",
    )
    assert (first["validTime"], first["parameters"]) == (
        "2026-01-09T12:00:00Z/2026-01-09T13:00:00Z",
        {"by": "crew"},
    )
    other = await program.send("POST", f"/Datastreams({stream})/Observations", {**body, "result": 1})
    assert other.status_code == 409
    many = [
        program.send(
            "POST",
            "/Observations",
            {"phenomenonTime": "2026-01-09T12:10:00Z", "result": 5, "Datastream": {"@iot.id": stream}},
        )
        for _ in range(6)
    ]
    assert [a.status_code for a in await asyncio.gather(*many)] == [201] * 6
    assert await program.site.sql("select count(*) from other_reading") == [(2,)]
    changed = await program.send(
        "PATCH", f"/Observations({first['@iot.id']})", {"result": 7.5, "parameters": {}}
    )
    assert (changed.status_code, changed.json()["result"], changed.json()["parameters"]) == (200, 7.5, {})
    assert (await program.send("DELETE", f"/Observations({first['@iot.id']})")).status_code == 200
    assert (await program.send("DELETE", f"/Observations({first['@iot.id']})")).status_code == 404


async def test_nobody_writes_without_a_key_that_may(site: Site) -> None:
    feed = Program(site, await key_for(site, "observations:write"))
    body = {"name": "a", "description": "b"}
    assert (await site.http.post("/sta/v1.1/Things", json=body)).status_code == 401
    assert (await feed.send("POST", "/Things", body)).status_code == 403
    for method in ("PATCH", "PUT", "DELETE"):
        answer = await feed.send(method, "/Things(1)", body)
        assert (answer.status_code, "message" in answer.json()) == (403, True)
    assert (await Program(site, "cok_nothing").send("POST", "/Things", body)).status_code == 401
    foreign = await site.http.post("/sta/v1.1/Things", json=body, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403


BAD: tuple[tuple[str, Any, int], ...] = (
    ("/Things", {"name": "x"}, 400),
    ("/Things", [], 400),
    ("/Things", {"name": 1, "description": ""}, 400),
    ("/Things", {"name": "a\x00", "description": ""}, 400),
    ("/Things", {"name": "x", "description": "", "properties": []}, 400),
    ("/Things", {"name": "x", "description": "", "colour": "red"}, 400),
    ("/Things", {"name": "x" * 10_001, "description": ""}, 400),
    ("/Things", {"name": "x", "description": "", "Locations": [{"@iot.id": 99999}]}, 400),
    ("/Things", {"name": "x", "description": "", "Locations": {"@iot.id": True}}, 400),
    ("/Things(99999)/Locations", {"name": "x", "description": "", "encodingType": "t", "location": {}}, 404),
    ("/Things(1)", {"name": "x", "description": ""}, 400),
    ("/Nothing", {}, 404),
    ("/Locations", {"name": "x", "description": "", "encodingType": "application/geo+json", "location": {"type": "Point"}}, 400),
    ("/Datastreams", {"name": "x", "description": "", "unitOfMeasurement": {}, "observationType": "t"}, 400),
    ("/Observations", {"result": 1}, 400),
    ("/Observations", {"result": "text", "Datastream": {"@iot.id": 1}}, 400),
    ("/Observations", {"result": 1e300, "Datastream": {"@iot.id": 1}}, 400),
    ("/Observations", {"result": 1, "phenomenonTime": "yesterday", "Datastream": {"@iot.id": 1}}, 400),
    ("/CreateObservations", {}, 400),
)  # fmt: skip


async def test_what_cannot_be_is_refused_in_words_and_leaves_nothing(program: Program) -> None:
    await program.site.get("/sta/v1.1/Things?$top=1")
    before = await program.site.sql(
        "select (select count(*) from sta_thing), (select count(*) from sta_location)"
    )
    for path, body, status in BAD:
        answer = await program.send("POST", path, body)
        assert (answer.status_code, bool(answer.json()["message"])) == (status, True), (
            path,
            body,
            answer.text,
        )
    half = {"name": "x", "description": "", "Locations": [{"name": "y", "description": "", "encodingType": "t", "location": 1}],
            "Datastreams": [{"name": "z", "description": "", "unitOfMeasurement": CELSIUS, "observationType": "t", "Sensor": {"@iot.id": 99999},
                             "ObservedProperty": {"@iot.id": 1}}]}  # fmt: skip
    assert (await program.send("POST", "/Things", half)).status_code == 400
    after = await program.site.sql(
        "select (select count(*) from sta_thing), (select count(*) from sta_location)"
    )
    assert before == after
    garbage = await program.site.http.post(
        "/sta/v1.1/Things",
        content=b"{" * 60_000,
        headers={"X-Api-Key": program.key, "Content-Type": "application/json"},
    )
    assert garbage.status_code == 400


async def test_what_the_registry_owns_stays_but_for_its_words(program: Program) -> None:
    thing = (await program.site.get("/sta/v1.1/Things?$filter=name eq 'road-001'"))["value"][0]["@iot.id"]
    stream = (await program.site.get(f"/sta/v1.1/Things({thing})/Datastreams"))["value"][0]["@iot.id"]
    place = (await program.site.get(f"/sta/v1.1/Things({thing})/Locations"))["value"][0]["@iot.id"]
    observation = (await program.site.get(f"/sta/v1.1/Datastreams({stream})/Observations?$top=1"))["value"][
        0
    ]["@iot.id"]
    for path in (
        f"/Things({thing})",
        f"/Datastreams({stream})",
        f"/Locations({place})",
        f"/Observations({observation})",
        "/Sensors(1)",
    ):
        assert (await program.send("DELETE", path)).status_code == 409, path
    assert (
        await program.send("POST", f"/Datastreams({stream})/Observations", {"result": 1})
    ).status_code == 409
    assert (await program.send("PATCH", f"/Locations({place})", {"location": POINT})).status_code == 409
    named = await program.send("PATCH", f"/Things({thing})", {"description": "Bridge over the mill stream"})
    assert (named.status_code, named.json()["description"]) == (200, "Bridge over the mill stream")


async def test_a_home_s_frog_can_be_neither_seen_nor_touched_nor_linked_to(program: Program) -> None:
    await program.site.get("/sta/v1.1/Things?$top=1")
    [[thing, stream, place]] = await program.site.sql(
        "select t.thing_id, s.datastream_id, l.location_id from sta_thing t join sta_datastream s using (thing_id)"
        " join sta_location l on l.device_id = t.device_id where t.private limit 1"
    )
    for path in (f"/Things({thing})", f"/Datastreams({stream})", f"/Locations({place})"):
        assert (await program.site.http.get(f"/sta/v1.1{path}")).status_code == 404
        assert (await program.send("DELETE", path)).status_code == 404
        assert (await program.send("PATCH", path, {"name": "mine"})).status_code == 404
    linked = await program.send(
        "POST", "/Things", {"name": "x", "description": "", "Locations": [{"@iot.id": place}]}
    )
    assert linked.status_code == 400
    assert (
        await program.send("POST", f"/Datastreams({stream})/Observations", {"result": 1})
    ).status_code == 404


async def test_who_says_what_they_saw_undoes_nothing_that_others_did_meanwhile(program: Program) -> None:
    made = await program.send("POST", "/Things", {"name": "Mill", "description": "by the weir"})
    at = f"/Things({made.json()['@iot.id']})"
    seen = (await program.send("GET", at)).headers["etag"]
    assert seen == made.headers["etag"]
    assert "etag" not in (await program.send("GET", f"{at}?$select=name")).headers
    # Both saw the same: one is done, the other told so, however close they come.
    both = await asyncio.gather(
        *(program.send("PATCH", at, {"description": text}, **{"If-Match": seen}) for text in ("one", "two"))
    )
    assert sorted(a.status_code for a in both) == [200, 412]
    [done] = [a for a in both if a.status_code == 200]
    assert (await program.send("GET", at)).json() == done.json()
    for method, body in (
        ("PUT", {"name": "Mill", "description": "three"}),
        ("PATCH", {"description": "three"}),
        ("DELETE", None),
    ):
        refused = await program.send(method, at, body, **{"If-Match": seen})
        assert (refused.status_code, refused.json()["type"]) == (412, "/problems/changed-meanwhile"), method
    assert (await program.send("GET", at)).headers["etag"] == done.headers["etag"]
    assert (await program.send("PATCH", at, {"description": "any"}, **{"If-Match": "*"})).status_code == 200
    assert (await program.send("PATCH", at, {"description": "unasked"})).status_code == 200
    now = (await program.send("GET", at)).headers["etag"]
    assert (await program.send("DELETE", at, **{"If-Match": now})).status_code == 200
    assert (await program.send("PATCH", at, {"name": "x"}, **{"If-Match": "*"})).status_code == 404


async def test_two_patches_at_once_that_each_add_something_are_both_kept(program: Program) -> None:
    made = await program.made("/Things", {"name": "Mill", "description": "", "properties": {"n": 0}})
    at = f"/Things({made['@iot.id']})"
    for n in range(4):
        added = [
            program.send(
                "PATCH",
                at,
                [{"op": "add", "path": f"/properties/{which}{n}", "value": n}],
                **{"Content-Type": "application/json-patch+json"},
            )
            for which in "abcd"
        ]
        assert [a.status_code for a in await asyncio.gather(*added)] == [200] * 4
    kept = (await program.send("GET", at)).json()["properties"]
    assert kept == {"n": 0} | {f"{which}{n}": n for which in "abcd" for n in range(4)}
    _, stream = await stream_of(program)
    seen = await program.made(
        "/Observations", {"result": 1, "parameters": {"n": 0}, "Datastream": {"@iot.id": stream}}
    )
    both = [
        program.send(
            "PATCH",
            f"/Observations({seen['@iot.id']})",
            [{"op": "add", "path": f"/parameters/{which}", "value": 1}],
            **{"Content-Type": "application/json-patch+json"},
        )
        for which in "abcd"
    ]
    assert [a.status_code for a in await asyncio.gather(*both)] == [200] * 4
    assert set((await program.site.get(f"/sta/v1.1/Observations({seen['@iot.id']})"))["parameters"]) == set(
        "nabcd"
    )


async def test_more_changes_at_once_than_there_are_connections_wait_for_each_other(program: Program) -> None:
    made = await program.made("/Things", {"name": "Mill", "description": ""})
    at = f"/Things({made['@iot.id']})"
    many = [program.send("PATCH", at, {"description": str(n)}, **{"If-Match": "*"}) for n in range(25)]
    assert {a.status_code for a in await asyncio.gather(*many)} == {200}


async def announced(site: Site, path: str, key: str, size: int) -> str:
    """Return the answer to a body of which its size alone was sent: a larger one would be cut off while it comes."""
    host = site.url.removeprefix("http://")
    reader, writer = await asyncio.open_connection(*host.split(":"))
    head = f"POST /sta/v1.1/{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {size}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}X-Api-Key: {key}\r\n\r\n".replace("X-Api-Key: \r\n", "").encode())
    told = await reader.read()
    writer.close()
    return told.decode()


def arrays(stream: int, count: int, note: str) -> list[Any]:
    rows = [[(NOON + timedelta(seconds=n)).isoformat(), 0.0, {"note": note}] for n in range(count)]
    return [
        {
            "Datastream": {"@iot.id": stream},
            "components": ["phenomenonTime", "result", "parameters"],
            "dataArray": rows,
        }
    ]


async def test_arrays_may_be_as_large_as_what_devices_send_and_only_of_who_may_send_them(
    program: Program,
) -> None:
    _, stream = await stream_of(program)
    body = arrays(stream, 60, "x" * 2_000)
    done = await program.send("POST", "/CreateObservations", body)
    assert (done.status_code, "error" in done.json()) == (201, False)
    for path, key, size, most in (
        ("CreateObservations", "", 65_537, "64 kB"),
        ("CreateObservations", "cok_for-devices:write", 65_537, "64 kB"),
        ("CreateObservations", program.key, 4_000_001, "4 MB"),
        ("Things", program.key, 65_537, "64 kB"),
    ):
        told = await announced(program.site, path, key, size)
        assert told.startswith("HTTP/1.1 413 ")
        assert "content-type: application/problem+json" in told.lower()
        assert f"at most {most} can be sent" in told
    many = await program.send("POST", "/CreateObservations", arrays(stream, 5_001, ""))
    assert (many.status_code, "5000 at once" in many.json()["message"]) == (400, True)


async def test_of_arrays_each_that_can_be_is_stored_with_what_was_sent_with_it(program: Program) -> None:
    feature = (await program.site.get("/sta/v1.1/FeaturesOfInterest?$top=1"))["value"][0]["@iot.id"]
    device = (await program.site.get("/sta/v1.1/Datastreams?$top=1"))["value"][0]["@iot.id"]
    _, stream = await stream_of(program)
    there = await program.made(
        "/Observations",
        {"phenomenonTime": "2026-01-09T12:00:00Z", "result": 1, "Datastream": {"@iot.id": stream}},
    )
    body = [
        {
            "Datastream": {"@iot.id": stream},
            "components": ["phenomenonTime", "result", "resultQuality", "parameters", "validTime"],
            "dataArray": [
                ["2026-01-09T12:00:00Z", 1, None, {}, None],  # the same again
                ["2026-01-09T12:00:00.100Z", 1, None, {}, None],  # another within the quarter second
                ["2026-01-09T12:01:00Z", 0.0, 0, {"by": "crew"}, "2026-01-09T12:00:00Z/2026-01-09T13:00:00Z"],
                ["2026-01-09T12:01:00Z", 0.0, None, {}, None],
                ["2026-01-09T12:01:00Z", 0.5, None, {}, None],
                ["1999-01-09T12:01:00Z", 2, None, {}, None],
                ["2999-01-09T12:01:00Z", 2, None, {}, None],
                ["2026-01-09T12:02:00Z", "text", None, {}, None],
                [3],
                ["2026-01-09T12:03:00Z", 3, None, {}, None],
            ],
        },
        {"Datastream": {"@iot.id": 999_999}, "components": ["result"], "dataArray": [[1], [2]]},
        {"Datastream": {"@iot.id": device}, "components": ["result"], "dataArray": [[1]]},
        {"Datastream": {"@iot.id": 2**52}, "components": ["result"], "dataArray": [[1]]},
        {"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result", "FeatureOfInterest/id"],
         "dataArray": [["2026-01-09T12:04:00Z", 4, 999_999], ["2026-01-09T12:04:00Z", 4, feature]]},
    ]  # fmt: skip
    answer = await program.send("POST", "/CreateObservations", body)
    told = ["error" if link == "error" else "made" for link in answer.json()]
    assert (answer.status_code, told) == (
        201,
        ["made", "error", "made", "made", *["error"] * 5, "made", *["error"] * 5, "made"],
    )
    assert answer.json()[0] == there["@iot.selfLink"]
    assert answer.json()[2] == answer.json()[3]
    found = (await program.site.get(f"/sta/v1.1/Datastreams({stream})/Observations"))["value"]
    assert [o["result"] for o in found] == [1, 0, 3, 4]
    assert (found[1]["resultQuality"], found[1]["parameters"]) == (0, {"by": "crew"})
    assert found[1]["validTime"] == "2026-01-09T12:00:00Z/2026-01-09T13:00:00Z"
    again = await asyncio.gather(*(program.send("POST", "/CreateObservations", body) for _ in range(4)))
    assert [a.json()[-1] for a in again] == [answer.json()[-1]] * 4
    assert await program.site.sql("select count(*) from other_reading") == [(4,)]
