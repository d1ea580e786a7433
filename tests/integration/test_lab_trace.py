"""A device's readings as a file that is played again."""

from __future__ import annotations

import csv
from pathlib import Path

import psycopg
import pytest

from cityops.errors import ConfigurationError
from devices.contract.kind import discover
from ops_api import lab_trace
from ops_api.lab_trace import write_trace
from ops_api.queries import Db, OneConnection
from tests.fakes.website import Site


async def test_what_a_device_sent_is_in_the_file_and_its_command_names_every_column(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await psycopg.AsyncConnection.connect(site.dsn) as connection:
        db = Db(OneConnection(connection))
        [(name, most)] = await site.sql(
            "select d.name, count(*) from road_reading r join device d using (device_id) group by 1 order by 2 desc, 1 limit 1"
        )
        trace = await write_trace(db, discover(), name, 1000.0, tmp_path / "road.csv")
        with (tmp_path / "road.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == trace.rows == most
        assert all(len(row["surface_temperature_c"].partition(".")[2]) <= 2 for row in rows)
        assert set(rows[0]) - {"ts"} <= {f.name for f in discover()["road"].fields}
        assert all(f"{column}={column}" in trace.command for column in rows[0])
        with pytest.raises(ConfigurationError, match="there already"):
            await write_trace(db, discover(), name, 1.0, tmp_path / "road.csv")
        monkeypatch.setattr(lab_trace, "ROWS_MOST", most - 1)
        with pytest.raises(ConfigurationError, match="ask for fewer hours"):
            await write_trace(db, discover(), name, 1000.0, tmp_path / "half.csv")
        assert not (tmp_path / "half.csv").exists()
        with pytest.raises(ConfigurationError, match="no device 'nobody'; `cityops devices list`"):
            await write_trace(db, discover(), "nobody", 1.0, tmp_path / "nobody.csv")
