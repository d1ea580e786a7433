"""The example client, and one that a generator makes of our OpenAPI document, on a running site."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.fakes import website
from tests.fakes.reading_rows import stored
from tests.fakes.website import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "client.py"
COLD = {"surface_temperature_c": -0.4, "air_temperature_c": 0.0, "humidity_pct": 96.5}
PIECES = {
    "POST /api/v1/weather-forecasts within weather_forecasts. Endpoint will not be generated.",
    "POST /api/v1/homes/{code}/evidence within cases.",
    "POST /api/v1/senml/{device} within sen_ml.",
    "GET /api/v1/incidents/handover.pdf within incidents.",
    "GET /open/datex/road-weather.xml within open_data.",
    "GET /open/datex/sites.xml within open_data.",
}
"""What the generator knows no way for: bodies of CSV and CBOR, answers that are ZIP, PDF and XML."""
USE = """
import sys
sys.path.insert(0, sys.argv[2])
from city.client import Client
from city.api.devices_and_readings import list_devices, list_latest
with Client(base_url=sys.argv[1]) as client:
    page = list_devices.sync(client=client, kind="road", limit=4)
    print([d.name for d in page.devices], page.next_)
    latest = list_latest.sync(client=client, kind="road")
    print(latest[0].device, latest[0]["surface_temperature_c"])
    wrong = list_devices.sync_detailed(client=client, cursor="x")
    print(wrong.status_code.value, wrong.parsed.type_)
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(pg_server: str, towns: Any) -> Any:
    """One site for all tests here."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


def client(url: str) -> Any:
    spec = importlib.util.spec_from_file_location("example_client", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Cityops(url)


async def said(*command: str, **environment: str) -> str:
    result = await asyncio.to_thread(
        subprocess.run,
        command,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout + result.stderr


async def test_the_example_runs_as_it_is_written(site: Site) -> None:
    text = await said(sys.executable, str(EXAMPLE), site.url)
    latest = await site.get("/api/v1/readings/latest", kind="road")
    for row in latest:
        assert f"{row['device']}: {row['surface_temperature_c']} °C" in text
    count = sum(d.kind == "bin" for d in site.town.devices)
    assert f"{count} bins: " in text
    assert " readings of roads in a day" in text
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) <= 90


async def test_the_example_hears_readings_as_they_come_and_reads_tables(site: Site) -> None:
    city, now = client(site.url), datetime.now(UTC)
    number = await stored(site.dsn, "road", ("road-001", now, COLD))
    events = city.events("road", str(number - 1))
    found = await asyncio.to_thread(next, events)
    assert (found[0], [r["device"] for r in found[1]]) == (str(number), ["road-001"])
    events.close()
    rows = await asyncio.to_thread(
        list, city.table("road", now - timedelta(minutes=1), now + timedelta(minutes=1))
    )
    mine = [r for r in rows if datetime.fromisoformat(r["ts"]) == now]
    assert [(r["device"], r["surface_temperature_c"]) for r in mine] == [("road-001", "-0.4")]


async def test_a_generated_client_reads_what_the_site_answers(site: Site, tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(await site.get("/api/v1/openapi.json")), encoding="utf-8")
    config = tmp_path / "config.yaml"
    config.write_text("post_hooks: []\n", encoding="utf-8")
    text = await said(
        str(Path(sys.executable).with_name("openapi-python-client")), "generate", "--path", str(document), "--meta", "none",
        "--output-path", str(tmp_path / "city"), "--config", str(config), COLUMNS="300",
    )  # fmt: skip
    warned = {
        line.partition("WARNING parsing ")[2].strip()
        for line in text.splitlines()
        if "WARNING parsing" in line
    }
    assert warned == PIECES, text[-3000:]
    devices, latest, wrong = (await said(sys.executable, "-c", USE, site.url, str(tmp_path))).splitlines()[:3]
    page = await site.get("/api/v1/devices", kind="road", limit=4)
    assert devices == f"{[d['name'] for d in page['devices']]} {page['next']}"
    first = (await site.get("/api/v1/readings/latest", kind="road"))[0]
    assert latest == f"{first['device']} {first['surface_temperature_c']}"
    assert wrong == "422 /problems/wrong-cursor"
