"""SenML from the door to a reading and out again; what is refused, what waits, what is set aside."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import cbor2
import pytest

from cityops.clock import ManualClock
from devices.contract.kind import discover
from devices.contract.senml.cbor import read_cbor, write_cbor
from devices.contract.senml.json import read_json
from devices.contract.senml.resolve import resolve
from ingest.bridge.memory_inbox import MemoryInbox
from ingest.bridge.metrics import BridgeMetrics
from ingest.bridge.pg_inbox import PostgresInbox
from ingest.bridge.ports import Arrival, NoSandbox, SenmlDevice, Source
from ingest.bridge.worker import Worker
from ingest.memory_store import MemorySink
from ingest.store import PostgresSink
from tests.fakes import lorawan as fake
from tests.fakes.ingest_setup import known_devices
from tests.fakes.website import Site

JSON = {"Content-Type": "application/senml+json"}
CBOR = {"Content-Type": "application/senml+cbor; charset=x"}
SENML = Source(source_id=3, name="senml", protocol="senml", transport="webhook")
T = fake.NOW.timestamp() - 600


class Town:
    """Packs in an inbox in memory, and a worker."""

    def __init__(self, codec: Any = None) -> None:
        clock = ManualClock(fake.NOW)
        self.sink, self.inbox = MemorySink(known_devices(), clock), MemoryInbox([SENML], clock)
        self.sink.settle_events = self.inbox.settle
        known = next(d for d in known_devices() if d.name == "bin-0")
        self.inbox.named["bin-0"] = SenmlDevice(
            device_id=known.device_id,
            device="bin-0",
            kind="bin",
            shard=known.shard,
            private=False,
            codec=codec,
        )
        self.worker = worker(self.inbox, self.sink, clock)

    async def take(self, *records: dict[str, Any], device: str = "bin-0") -> tuple[Any, Any]:
        body = json.dumps(records).encode()
        number = len(self.inbox.events) + 1
        await self.inbox.receive(Arrival(source_id=3, kind="senml", key=str(number), topic=device, body=body))
        await self.worker.step()
        outcome = self.inbox.events[number].outcome
        assert outcome is not None
        return outcome.reason_code, outcome.reason

    def rows(self) -> list[dict[str, Any]]:
        return [
            {k: r[k] for k in ("distance_mm", "fill_pct", "temperature_c", "battery_pct") if r.get(k) is not None}
            for r in self.sink.readings["bin"]
        ]  # fmt: skip


def worker(inbox: Any, sink: Any, clock: Any) -> Worker:
    return Worker(inbox, NoSandbox(), sink, sink, discover(), clock, BridgeMetrics(), asyncio.Event())


async def test_names_of_the_kind_become_its_fields_in_its_units() -> None:
    town = Town()
    code, reason = await town.take(
        {"bn": "https://x.test/bin-0/", "bt": T, "n": "distance_mm", "u": "m", "v": 1.25},
        {"n": "battery_pct", "u": "%EL", "v": 81},
        {"n": "temperature_c", "u": "Cel", "v": 0.0},
        {"n": "ignored", "vs": "text"},
        {"n": "fill_pct", "u": "/", "v": 0.5, "t": 60},
    )
    assert (code, reason) == (None, None)
    assert town.rows() == [
        {"distance_mm": 1250.0, "temperature_c": 0.0, "battery_pct": 81.0},
        {"fill_pct": 50.0},
    ]


async def test_other_names_by_a_map_of_fields() -> None:
    spec = {"fields": {"distance_mm": "level", "temperature_c": "unit:Cel", "battery_pct": "unit:%EL"}}
    town = Town(fake.codec("map", "", field_map=spec, name="senml.bin"))
    pack = [
        {"bn": "urn:dev:ow:10e2:", "bt": T, "n": "level", "u": "mm", "v": 700},
        {"n": "a", "u": "Cel", "v": -3.5},
    ]
    assert await town.take(*pack) == (None, None)
    assert town.rows() == [{"distance_mm": 700.0, "temperature_c": -3.5}]


async def test_what_is_no_reading_is_set_aside_with_why() -> None:
    town = Town()
    assert await town.take({"n": "x:humidity", "v": 1, "t": T}) == (
        "not_decoded",
        "The codec of the kind's own names can't decode it: none of its names is a field of kind bin: humidity, x:humidity.",
    )
    code, reason = await town.take({"n": "distance_mm", "u": "V", "v": 1, "t": T})
    assert (code, "unit 'V' is none of mm" in reason) == ("not_decoded", True)
    code, reason = await town.take({"n": "distance_mm", "v": 1e9, "t": T})
    assert code == "out_of_range"
    assert (await town.take({"n": "distance_mm", "v": 1}, device="nobody"))[0] == "unknown_device"
    bad = Town(replace(fake.codec("map", ""), field_map={"fields": {"x": "y"}}))
    assert (await bad.take({"n": "distance_mm", "v": 1}))[0] == "bad_map"
    assert town.rows() == bad.rows() == []
    assert await town.take({"n": "distance_mm", "v": 500, "t": T}) == (None, None)  # the next goes its way


def a_bin(site: Site) -> str:
    return next(d.name for d in site.town.devices if d.kind == "bin")


async def test_in_at_the_door_stored_and_out_again(site: Site) -> None:
    name, key = a_bin(site), site.with_key("observations:write")
    at = int(site.now.timestamp()) - 300
    records = [
        {"bn": f"{name}:", "bt": at, "n": "distance_mm", "u": "m", "v": 1.234},
        {"n": "temperature_c", "u": "Cel", "v": 0.0},
        {"n": "distance_mm", "u": "m", "v": 1.5, "t": 60},
    ]
    for event in ("kept", "again"):
        answer = await key.post(f"/api/v1/senml/{name}", content=json.dumps(records), headers=JSON)
        assert (answer.status_code, answer.json()) == (202, {"event": event, "records": 3})
    as_cbor = write_cbor(read_json(json.dumps(records).encode()))
    answer = await key.post(f"/api/v1/senml/{name}", content=as_cbor, headers=CBOR)
    assert answer.json() == {"event": "again", "records": 3}
    await stored(site)
    assert await site.sql("select state, reason from lorawan_inbox") == [("stored", None)]
    asked = f"/api/v1/devices/{name}/readings.senml?from={at}&to={at + 61}"
    out = await site.http.get(
        asked.replace(f"from={at}", f"from={_text(at)}").replace(f"to={at + 61}", f"to={_text(at + 61)}")
    )
    assert (out.status_code, out.headers["content-type"]) == (200, "application/senml+json"), out.text
    found = resolve(read_json(out.content), 0.0)
    mine = [
        (r.name.rpartition(":")[2], r.time_s - at, r.unit, r.value)
        for r in found
        if (r.time_s - at) in (0, 60)
    ]
    assert sorted(mine) == [
        ("distance_mm", 0.0, "m", 1.234), ("distance_mm", 60.0, "m", 1.5), ("temperature_c", 0.0, "Cel", 0.0),
    ]  # fmt: skip
    binary = await site.http.get(out.request.url, headers={"Accept": "application/senml+cbor"})
    assert binary.headers["content-type"] == "application/senml+cbor"
    assert resolve(read_cbor(binary.content), 0.0) == found
    short = await site.http.get(f"/api/v1/devices/{name}/readings.senml", params={"limit": 1})
    assert 'rel="next"' in short.headers["link"]


def _text(at: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def stored(site: Site) -> None:
    clock = ManualClock(site.now)
    inbox, sink = PostgresInbox(site.dsn), PostgresSink(site.dsn, discover(), clock)
    try:
        await worker(inbox, sink, clock).step()
    finally:
        await inbox.close()
        await sink.close()


async def test_who_may_and_what_is_refused(site: Site) -> None:
    name, key = a_bin(site), site.with_key("observations:write")
    good = json.dumps([{"n": f"{name}:distance_mm", "v": 900}])
    frog = next(d.name for d in site.town.devices if d.kind == "frog")
    for path, content, headers, status, words in (
        (
            name,
            good,
            {"Content-Type": "application/json"},
            415,
            "application/senml+json or application/senml+cbor",
        ),
        (name, good, {}, 415, "application/senml+json"),
        (name, "{", JSON, 422, "The pack is no JSON"),
        (name, '[{"n":"a"}]', JSON, 422, "Record 1: it has neither a value"),
        (name, '[{"n":"a","v":1,"x_":1}]', JSON, 422, "x_ is not known here"),
        (name, '[{"bn":"a"}]', JSON, 422, "The pack has no measurement"),
        (name, '[{"n":"a","v":1,"t":1e300}]', JSON, 422, "A time is no time"),
        (name, cbor2.dumps({0: "a"}), CBOR, 422, "The pack is no list"),
        (frog, good, JSON, 404, "There is no device"),
        ("nobody", good, JSON, 404, "There is no device"),
    ):
        answer = await key.post(f"/api/v1/senml/{path}", content=content, headers=headers)
        assert (answer.status_code, words in answer.json()["detail"]) == (status, True), (path, answer.text)
    assert (await site.http.post(f"/api/v1/senml/{name}", content=good, headers=JSON)).status_code == 401
    assert (
        await site.with_key("desk:read").post(f"/api/v1/senml/{name}", content=good, headers=JSON)
    ).status_code == 403
    assert (await site.http.get(f"/api/v1/devices/{frog}/readings.senml")).status_code == 404
    assert await site.sql("select count(*) from lorawan_inbox") == [(0,)]
    assert (await key.post(f"/api/v1/senml/{name}", content=good, headers=JSON)).status_code == 202
    await site.sql("update lorawan_source set enabled = false")
    assert (await key.post(f"/api/v1/senml/{name}", content=good, headers=JSON)).status_code == 503
    assert (
        await site.http.post("/lorawan/senml", content=b"{}", headers={"X-Webhook-Token": "x"})
    ).status_code == 401


@pytest.mark.parametrize("first", ["senml.bin", "senml.DEVICE"])
async def test_the_newest_map_of_the_device_counts_else_of_the_kind(site: Site, first: str) -> None:
    name, key = a_bin(site), site.with_key("observations:write", "devices:write")
    for codec, path in (("senml.bin", "of-kind"), (first.replace("DEVICE", name), "wanted")):
        kept = await key.post(
            "/api/v1/lorawan/codecs",
            json={
                "name": codec,
                "kind": "bin",
                "language": "map",
                "field_map": {"fields": {"distance_mm": path}},
            },
        )
        assert kept.status_code == 201, kept.text
    pack = [{"bn": "x:", "n": "wanted", "v": 700, "t": -60}, {"n": "of-kind", "v": 1, "t": -60}]
    assert (
        await key.post(f"/api/v1/senml/{name}", content=json.dumps(pack), headers=JSON)
    ).status_code == 202
    await stored(site)
    [(reason, codec)] = await site.sql(
        "select reason, c.name from lorawan_inbox join lorawan_codec c using (codec_id)"
    )
    assert (reason, codec) == (None, first.replace("DEVICE", name))
    assert await site.sql(
        "select count(*) from bin_reading where distance_mm = 700 and received_at > now() - interval '1 day'"
    ) == [(1,)]


async def test_what_nobody_foresaw_costs_its_pack_only(monkeypatch: pytest.MonkeyPatch) -> None:
    town = Town()
    good = {"n": "distance_mm", "v": 700, "t": T}
    assert await town.take({"n": "distance_mm", "v": 1, "t": 1e300}) == (
        "not_decoded",
        "The codec of the kind's own names can't decode it: 1e+300 s since 1970 is no time that a calendar has.",
    )
    with monkeypatch.context() as patched:
        patched.setattr("ingest.bridge.senml.payload_of", lambda *_: 1 // 0)
        assert (await town.take(good))[0] == "server_fault"
    assert await town.take(good) == (None, None)


@pytest.mark.parametrize("rule", [{"scale": 10**400}, {"offset": -(10**400)}, {"enum": {"1": 10**400}}])
async def test_a_number_too_large_in_a_map_is_a_fault_of_the_map(rule: dict[str, Any]) -> None:
    spec = {"fields": {"distance_mm": {"from": "level", **rule}}}
    code, reason = await Town(fake.codec("map", "", field_map=spec, name="senml.bin")).take(
        {"n": "level", "v": 1, "t": T}
    )
    assert (code, "wanted is a number" in reason) == ("bad_map", True)


async def test_the_same_refused_message_of_two_packs_is_dead_in_both() -> None:
    town = Town()
    body = json.dumps([{"n": "distance_mm", "v": 1e9, "t": T}]).encode()
    for key in ("one", "two"):
        await town.inbox.receive(Arrival(source_id=3, kind="senml", key=key, topic="bin-0", body=body))
    await town.worker.step()
    assert [town.inbox.events[n].state for n in (1, 2)] == ["dead", "dead"]
