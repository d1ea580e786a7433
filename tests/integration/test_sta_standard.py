"""What OGC 18-088 asks of a service that reads, in the standard's order; FROST's conformance tests put anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ops_api.sensorthings.core.errors import FilterError, PathError
from ops_api.sensorthings.core.schema import SETS
from ops_api.sensorthings.root import root
from ops_api.sensorthings.service import Sta
from tests.fakes.sta_rows import BASE, ask, fill, serving

MUST = {
    "Things": ({"name", "description", "properties"}, {"Locations", "HistoricalLocations", "Datastreams"}),
    "Locations": ({"name", "description", "encodingType", "location"}, {"Things", "HistoricalLocations"}),
    "HistoricalLocations": ({"time"}, {"Thing", "Locations"}),
    "Datastreams": (
        {"name", "description", "unitOfMeasurement", "observationType", "observedArea", "phenomenonTime", "resultTime"},
        {"Thing", "Sensor", "ObservedProperty", "Observations"},
    ),
    "Sensors": ({"name", "description", "encodingType", "metadata"}, {"Datastreams"}),
    "ObservedProperties": ({"name", "definition", "description"}, {"Datastreams"}),
    "Observations": ({"phenomenonTime", "result", "resultTime"}, {"Datastream", "FeatureOfInterest"}),
    "FeaturesOfInterest": ({"name", "description", "encodingType", "feature"}, {"Observations"}),
}  # fmt: skip
"""Properties and links of each entity, §8.2."""


@pytest.fixture
async def sta(db_dsn: str) -> AsyncIterator[Sta]:
    await fill(db_dsn, devices=3, readings=30)
    async with serving(db_dsn) as made:
        yield made


async def values(sta: Sta, address: str) -> Any:
    return (await ask(sta, address))["value"]


def test_the_root_names_the_eight_sets_and_what_is_kept() -> None:
    found = root(BASE, "mqtt://sta.example:1884")
    assert {entry["name"]: entry["url"] for entry in found["value"]} == {
        name: f"{BASE}/{name}" for name in MUST
    }
    assert "receive-updates" not in str(
        found["serverSettings"]["conformance"]
    )  # of other entities there are none
    assert "receive-updates" not in str(root(BASE)["serverSettings"])


@pytest.mark.parametrize("name", MUST)
async def test_each_entity_has_its_properties_and_its_links_lead_somewhere(sta: Sta, name: str) -> None:
    [entity, *_] = await values(
        sta,
        f"/{name}?$top=1{'&$filter=Datastreams/id gt 0' if name in ('Sensors', 'ObservedProperties') else ''}",
    )
    properties, ways = MUST[name]
    assert properties <= entity.keys()
    assert entity["@iot.selfLink"] == f"{BASE}/{name}({entity['@iot.id']})"
    assert await ask(sta, entity["@iot.selfLink"].removeprefix(BASE)) == entity
    assert {f"{way}@iot.navigationLink" for way in ways} <= entity.keys()
    for way in SETS[name].ways.values():
        found = await ask(sta, entity[f"{way.name}@iot.navigationLink"].removeprefix(BASE))
        assert found["value"] if way.many else found["@iot.id"], way.name


async def test_addresses_lead_to_properties_values_links_and_on(sta: Sta) -> None:
    [thing, *_] = await values(sta, "/Things")
    number = thing["@iot.id"]
    assert await ask(sta, f"/Things({number})/name") == {"name": thing["name"]}
    assert await ask(sta, f"/Things({number})/name/$value") == thing["name"]
    assert await ask(sta, f"/Things({number})/properties/cadence_s/$value") == "600"
    refs = await values(sta, f"/Things({number})/Datastreams/$ref")
    assert [r["@iot.selfLink"] for r in refs] == [
        d["@iot.selfLink"] for d in await values(sta, f"/Things({number})/Datastreams")
    ]
    [first, *_] = await values(sta, f"/Things({number})/Datastreams")
    [observation, *_] = await values(sta, f"/Things({number})/Datastreams({first['@iot.id']})/Observations")
    deep = f"/Observations({observation['@iot.id']})/Datastream/Thing/Locations"
    assert await values(sta, deep) == await values(sta, f"/Things({number})/Locations")
    for wrong in (
        "/Things(0)",
        "/Thing",
        "/Things(1)/Nothing",
        "/Things(999)/name",
        "/Things('x')",
        "/Things(1)/properties/none/$value",
    ):
        with pytest.raises(PathError):
            await ask(sta, wrong)


async def test_options_select_order_skip_count_and_page(sta: Sta) -> None:
    assert [t["name"] for t in await values(sta, "/Things?$orderby=name desc&$select=name")] == [
        "road-0003", "road-0002", "road-0001",
    ]  # fmt: skip
    assert await values(sta, "/Things?$select=name&$top=1&$skip=1") == [{"name": "road-0002"}]
    # What is selected may be expanded as well: then nothing of the entity itself is told.
    for address, names in (
        ("/Things?$select=Datastreams&$expand=Datastreams($select=name)", {"Datastreams"}),
        ("/Observations?$select=Datastream&$expand=Datastream($select=Thing;$expand=Thing)", {"Datastream"}),
    ):
        assert {frozenset(one) for one in await values(sta, address)} == {frozenset(names)}
    page = await ask(sta, "/Observations?$top=7&$count=true&$filter=result ge 0&$orderby=phenomenonTime")
    assert page["@iot.count"] == 300
    seen = [o["@iot.id"] for o in page["value"]]
    while "@iot.nextLink" in page:
        page = await ask(sta, page["@iot.nextLink"].removeprefix(BASE))
        seen += [o["@iot.id"] for o in page["value"]]
    assert len(seen) == len(set(seen)) == 300
    assert await ask(sta, "/Things?$top=0&$count=true") == {"@iot.count": 3, "value": []}


async def test_filter_comes_before_count_and_count_before_skip(sta: Sta) -> None:
    found = await ask(
        sta, "/Things?$filter=name ge 'road-0002'&$count=true&$skip=1&$orderby=name&$select=name"
    )
    assert found == {"@iot.count": 2, "value": [{"name": "road-0003"}]}


async def test_expand_goes_down_with_options_of_its_own(sta: Sta) -> None:
    [thing] = await values(
        sta,
        "/Things?$top=1&$select=name&$expand=Locations($select=location),Datastreams($select=name;$orderby=name;$top=2;$count=true;"
        "$expand=Observations($top=3;$orderby=phenomenonTime desc;$select=result,phenomenonTime),Sensor($select=name))",
    )
    assert set(thing) == {
        "name",
        "Locations",
        "Datastreams",
        "Datastreams@iot.count",
        "Datastreams@iot.nextLink",
    }
    assert thing["Datastreams@iot.count"] == 4
    assert [s["name"] for s in thing["Datastreams"]] == [
        "road-0001: Air temperature",
        "road-0001: Relative humidity",
    ]
    for stream in thing["Datastreams"]:
        assert stream["Sensor"] == {"name": "Road sensor"}
        times = [o["phenomenonTime"] for o in stream["Observations"]]
        assert times == sorted(times, reverse=True)
        assert times[0] == "2026-01-01T04:50:00Z"
        further = await values(sta, stream["Observations@iot.nextLink"].removeprefix(BASE))
        assert further[0]["phenomenonTime"] == "2026-01-01T04:20:00Z"
    [observation] = await values(
        sta, "/Observations?$top=1&$expand=Datastream/Thing/Locations,FeatureOfInterest"
    )
    place = observation["Datastream"]["Thing"]["Locations"][0]["location"]
    assert observation["FeatureOfInterest"]["feature"] == place


FILTERED = {
    "result gt 35 and result lt 90": 0, "result eq 29": 3, "not (result lt 90)": 90, "result mod 2 eq 0 and Datastream/ObservedProperty/name eq 'Road surface temperature'": 45,
    "phenomenonTime ge 2026-01-01T04:50:00Z": 10, "year(phenomenonTime) eq 2026 and minute(phenomenonTime) eq 0 and Datastream/id eq 2": 5,
    "during(phenomenonTime,2026-01-01T00:00:00Z/2026-01-01T01:00:00Z) and Datastream/id eq 3": 6,
    "Datastream/Thing/name eq 'road-0002'": 90, "startswith(Datastream/ObservedProperty/name,'Relative')": 90,
    "Datastream/unitOfMeasurement/symbol eq '%25'": 90, "st_within(FeatureOfInterest/feature,geography'POLYGON((-1.0015 52,-1 52,-1 52.0015,-1.0015 52.0015,-1.0015 52))')": 120,
    "resultTime gt 2026-01-01T04:50:00Z": 10, "Datastream/observationType eq null": 0,
}  # fmt: skip


async def test_filters_find_what_there_is(sta: Sta) -> None:
    for text, expected in FILTERED.items():
        assert await ask(sta, f"/Observations/$count?$filter={text}") == str(expected), text


async def test_what_qgis_asks_is_answered(sta: Sta) -> None:
    point = "location/type eq 'Point' or location/geometry/type eq 'Point'"
    assert (await ask(sta, f"/Locations?$top=0&$count=true&$filter={point}"))["@iot.count"] == 3
    area = "geo.intersects(location, geography'Polygon ((-2 51, 0 51, 0 53, -2 53, -2 51))')"
    found = await values(
        sta,
        f"/Locations?$top=200&$filter=({point}) and {area}&$expand=Things($orderby=id;$top=100;"
        "$expand=Datastreams($orderby=id;$top=100;$expand=Observations($orderby=phenomenonTime desc;$top=10)))",
    )
    assert [len(place["Things"][0]["Datastreams"]) for place in found] == [4, 3, 3]


@pytest.mark.parametrize(
    "query",
    [
        "$filter=nothing eq 1", "$filter=name eq", "$filter=name eq 1 and", "$top=-1", "$top=a", "$skip=2000000", "$count=yes", "$select=nothing",
        "$expand=Nothing", "$orderby=nothing", "$unknown=1", "top=1", "$top=1&$top=2", "$skiptoken=x", "$resultFormat=csv", "$format=xml",
        "$filter=geo.distance(name, geography'POINT(0 0)') lt 1", "$expand=Datastreams($top=a)", "$filter=length(name) div 0 eq 1 and",
    ],
)  # fmt: skip
async def test_a_wrong_option_is_told_and_never_passed_over(sta: Sta, query: str) -> None:
    with pytest.raises(FilterError):
        await ask(sta, f"/Things?{query}")


async def test_observations_come_as_arrays_too(sta: Sta) -> None:
    groups = await values(sta, "/Observations?$resultFormat=dataArray&$top=40&$select=id,result")
    assert [(g["components"], g["dataArray@iot.count"]) for g in groups] == [
        (["id", "result"], 30),
        (["id", "result"], 10),
    ]
    plain = await values(sta, "/Observations?$top=40&$select=id,result")
    assert [row for g in groups for row in g["dataArray"]] == [[o["@iot.id"], o["result"]] for o in plain]


async def test_an_empty_database_answers_empty(db_dsn: str) -> None:
    async with serving(db_dsn) as sta:
        for name in MUST:
            found = await ask(sta, f"/{name}?$count=true")
            assert found["value"] == [] or name in ("Sensors", "ObservedProperties")
        assert await ask(sta, "/Observations/$count") == "0"
        assert await values(sta, "/Observations?$orderby=phenomenonTime desc") == []
        assert await values(sta, "/Observations?$orderby=result") == []
        assert await values(sta, "/Things?$expand=Datastreams($expand=Observations)") == []
        with pytest.raises(PathError):
            await ask(sta, "/Observations(1)")
