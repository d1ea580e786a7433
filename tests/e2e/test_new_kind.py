"""A kind of device that the product does not have: one file, and it is decoded, stored and listed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cityops.embedded.postgres import running_dsn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

KIND = """
from devices.contract.kind import Field, Kind
from devices.contract.quantities import Quantity

KIND = Kind(
    name="air",
    title="Air quality sensor",
    description="Fine dust at a kerb.",
    cadence_s=900,
    fields=(
        Field(name="pm25_ug_m3", quantity=Quantity("Fine dust", "µg/m³", "ug/m3", "conμgm3"), minimum=0,
              maximum=1000, required=True, sentinels=(999.0,), label="PM2.5"),
        Field(name="air_temperature_c", quantity=Quantity("Temperature", "°C", "Cel", "celsius"), minimum=-50,
              maximum=60),
    ),
)
"""


def get(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return json.load(answer)


@pytest.mark.usefixtures("quick_start")
def test_one_file_makes_a_kind(server_dir: Path, tmp_path: Path) -> None:
    kinds, folder = tmp_path / "kinds", server_dir / "kind"
    kinds.mkdir()
    folder.mkdir()
    folder.chmod(0o711)
    (kinds / "air.py").write_text(KIND)
    file = tmp_path / "dust.csv"
    file.write_text(
        "time,pm,t\n2026-01-09 05:00,0.0,0.0\n2026-01-09 05:15,12.5,\n2026-01-09 05:30,999,1\n2026-01-09 05:45,-1,1\n"
    )
    environment = {**os.environ, "CITYOPS_KINDS_DIR": str(kinds), "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
    cityops = [sys.executable, "-m", "ops_api"]
    listed = subprocess.run(
        [*cityops, "kinds"], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert "air: Air quality sensor" in listed

    arguments = ["--kind", "air", "--device", "air-1", "--map", "ts=time,pm25_ug_m3=pm,air_temperature_c=t"]
    process = subprocess.Popen(
        [*cityops, "replay", str(file), *arguments, "--port", "0", "--data-dir", str(folder)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        output = until_served(process)
        assert "4 rows played, 2 stored, 2 dead letters" in output
        address = re.search(r"http://\S+(?=/)", output)
        assert address is not None
        stored_and_listed(folder, address[0])
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def until_served(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if "Ctrl-C" in line:
            return seen
    raise AssertionError(seen)


def stored_and_listed(folder: Path, address: str) -> None:
    dsn = running_dsn(folder / "replay")
    assert dsn is not None
    with psycopg.connect(dsn) as conn:
        rows = conn.execute("select pm25_ug_m3, air_temperature_c from air_reading order by ts").fetchall()
        reasons = conn.execute("select reason_code, field from dead_letter order by 1").fetchall()
        hours = conn.execute("select n, pm25_ug_m3_max from air_hourly").fetchall()
    assert rows == [(0.0, 0.0), (12.5, None)]
    assert [field for _, field in reasons] == ["pm25_ug_m3", "pm25_ug_m3"]
    assert hours == [(2, 12.5)]
    assert "air" in {k["name"] for k in get(f"{address}/api/v1/kinds")}
    schema = get(f"{address}/api/v1/kinds/air/schema")
    assert schema["properties"]["pm25_ug_m3"]["maximum"] == 1000
    assert get(f"{address}/api/v1/devices/air-1/latest")["pm25_ug_m3"] == 12.5
