"""``cityops lorawan`` as an operator meets it, on a real database."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cityops.clock import ManualClock
from devices.contract.kind import discover
from ingest.bridge.metrics import BridgeMetrics
from ingest.bridge.pg_inbox import PostgresInbox
from ingest.bridge.ports import NoSandbox
from ingest.bridge.receiving import arrival
from ingest.bridge.worker import Worker
from ingest.store import PostgresSink
from tests.fakes import lorawan as fake
from tests.fakes.command_line import cityops
from tests.fakes.ingest_setup import registered

pytestmark = pytest.mark.storage


@pytest.fixture
async def run(pg: psycopg.AsyncConnection[Any], db_dsn: str) -> Any:
    await registered(pg)

    async def command(*words: str, code: int = 0) -> str:
        done = await asyncio.to_thread(
            cityops, "lorawan", *words, CITYOPS_DB__DSN=db_dsn, CITYOPS_OPERATOR="Ada"
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return command


async def take(dsn: str, body: bytes) -> None:
    inbox = PostgresInbox(dsn)
    await inbox.receive(arrival(1, "chirpstack_v4", "up", body))
    await inbox.close()


async def work(dsn: str) -> None:
    inbox, clock = PostgresInbox(dsn), ManualClock(fake.NOW)
    sink = PostgresSink(dsn, discover(), clock)
    await Worker(inbox, NoSandbox(), sink, sink, discover(), clock, BridgeMetrics(), asyncio.Event()).step()
    await inbox.close()
    await sink.close()


async def test_from_a_server_to_a_bin(
    run: Any, pg: psycopg.AsyncConnection[Any], db_dsn: str, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    assert "no LoRaWAN server" in await run("sources")
    await run(
        "add-source",
        "chirp",
        "--protocol",
        "chirpstack_v4",
        "--host",
        "lns.example",
        "--password-file",
        str(key),
        "--no-tls",
    )
    assert "there is a LoRaWAN source 'chirp' already" in await run(
        "add-source", "chirp", "--protocol", "ttn_v3", "--host", "x", code=2
    )
    [source] = json.loads(await run("sources", "--json"))
    assert source["settings"] == {"host": "lns.example", "tls": False, "password_file": str(key)}
    await take(db_dsn, fake.chirp_up())
    await work(db_dsn)
    unknown = await run("unknown")
    assert fake.EUI in unknown
    assert "01755c0367010104824408050001" in unknown
    assert "unknown_sensor" in await run("inbox")
    said = await run("bind", fake.EUI.upper(), "bin-0", "--codec", "milesight-distance")
    assert "is bin-0, by milesight-distance 1; 1 events are tried again" in said
    await work(db_dsn)
    assert await (await pg.execute("select distance_mm from bin_reading")).fetchall() == [(2116.0,)]
    listed = await run("devices")
    assert "bin-0" in listed
    assert "-80 dBm, 9 dB SF9" in listed
    assert "every sensor that was heard is a device" in await run("unknown")
    assert "downlink 1 queued: reporting interval 1800 s" in await run(
        "downlink", fake.EUI, "--interval", "1800"
    )
    assert "takes 60 to 64800 s" in await run("downlink", fake.EUI, "--interval", "1", code=2)
    await run("downlink", fake.EUI, "--port", "85", "--hex", "ff10ff", "--confirmed")
    payloads = [d["payload"] for d in json.loads(await run("downlink", "--list", "--json"))]
    assert payloads == ["ff10ff", "ff030807"]
    assert "is bin-0 no more" in await run("unbind", fake.EUI)
    history = "select bound_by, unbound_by from lorawan_binding"
    assert await (await pg.execute(history)).fetchall() == [("Ada", "Ada")]


async def test_codecs_have_versions_and_are_checked(run: Any, tmp_path: Path) -> None:
    bad, good, script = tmp_path / "bad.toml", tmp_path / "good.toml", tmp_path / "vendor.js"
    bad.write_text('[fields]\ndistance_mm = {from = "d", unit = "furlong"}\n')
    good.write_text('[fields]\ndistance_mm = {from = "d", unit = "cm", sentinel = [0]}\n')
    script.write_text("function decodeUplink(input) { return {data: {d: input.bytes[0]}}; }")
    refused = await run("add-codec", "mine", "--kind", "bin", "--map", str(bad), code=2)
    assert "fields.distance_mm.unit: 'furlong'; distance_mm may be given in mm, cm" in refused
    assert "version 1 added" in await run("add-codec", "mine", "--kind", "bin", "--map", str(good))
    assert "version 2 added" in await run(
        "add-codec", "mine", "--kind", "bin", "--map", str(good), "--javascript", str(script)
    )
    script.write_text("function decodeUplink() { return {}; }\nwhile (true) {}")
    looping = ("add-codec", "mine", "--kind", "bin", "--map", str(good), "--javascript", str(script))
    assert "as it is loaded: stopped after 60 ms of processor time" in await run(*looping, code=2)
    listed = await run("codecs")
    assert "mine" in listed
    assert "javascript" in listed
    assert "dingtek-df702" in listed
    assert "is a frog, codec mine is for a bin" in await run(
        "bind", fake.EUI, "frog-0", "--codec", "mine", code=2
    )
    await run("bind", fake.EUI, "bin-0", "--codec", "mine@1")
    other = "0000000000000001"
    assert f"is sensor {fake.EUI} already" in await run("bind", other, "bin-0", "--codec", "mine", code=2)


async def test_a_webhooks_token_is_told_once_and_not_kept(run: Any, pg: psycopg.AsyncConnection[Any]) -> None:
    said = await run("add-source", "hook", "--protocol", "ttn_v3", "--webhook")
    token = said.split("X-Webhook-Token: ")[1].split()[0]
    assert len(token) >= 43
    row = await (
        await pg.execute("select s::text, octet_length(token_hash) from lorawan_source s")
    ).fetchone()
    assert row is not None
    assert token not in row[0]
    assert row[1] == 32
    await run("enable", "hook", "--off")
    assert "off" in await run("sources")


async def test_what_is_wrong_is_said(run: Any) -> None:
    for words, why in (
        (("bind", "xyz", "bin-0", "--codec", "dingtek-df702"), "16 hexadecimal digits"),
        (("bind", fake.EUI, "nobody", "--codec", "dingtek-df702"), "no device named 'nobody'"),
        (("bind", fake.EUI, "bin-0", "--codec", "nothing"), "there is no codec 'nothing'"),
        (("bind", fake.EUI, "bin-0", "--codec", "dingtek-df702", "--installation", "{"), "--installation"),
        (("add-source", "x", "--protocol", "ttn_v2", "--host", "h"), "ttn_v3 or chirpstack_v4"),
        (("add-source", "x", "--protocol", "ttn_v3"), "needs --host"),
        (("add-source", "x", "--protocol", "ttn_v3", "--webhook", "--host", "h"), "has no meaning"),
        (("unbind", fake.EUI), "bound to no device"),
        (("downlink", fake.EUI, "--port", "1", "--hex", "00"), "never heard"),
        (("downlink", fake.EUI, "--port", "1", "--hex", "0"), "pairs of hexadecimal digits"),
        (("replay",), "say which"),
        (("inbox", "--state", "lost"), "waiting, stored or dead"),
    ):
        assert why in await run(*words, code=2), words
