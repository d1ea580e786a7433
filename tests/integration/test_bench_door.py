"""The figures of the front door as code: every part runs on a small database and finds what is there."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg
import pytest

from bench.door import exports, figures, rows
from bench.door.load import Load
from tests.fakes.databases import drop

SIZE = rows.Size(devices=6, readings=300, more=2)


def test_batches_have_each_reading_once_in_order_with_some_missing() -> None:
    end_us = 1_800_000_000 * 1_000_000
    found = list(rows.batches(400, 2000, 1, end_us))
    assert len(found) == 2
    ts = np.concatenate([b.ts_us for b in found])
    pairs = {(int(t), int(d)) for b in found for t, d in zip(b.ts_us[::997], b.device_id[::997], strict=True)}
    assert len(ts) == 800_000
    assert len(pairs) == sum(len(b.ts_us[::997]) for b in found)
    assert bool((np.diff(ts) >= 0).all())
    assert ts[-1] < end_us
    assert 0.02 < float(np.isnan(found[0].values).any(axis=1).mean()) < 0.04


@pytest.mark.storage
async def test_a_database_is_filled_once_and_used_again(pg_server: str) -> None:
    dsn, made = await rows.filled(pg_server, SIZE)
    try:
        again, reused = await rows.filled(pg_server, SIZE)
        with psycopg.connect(dsn) as conn:
            assert conn.execute(
                "select count(*), count(distinct device_id) from road_reading"
            ).fetchone() == (2088, 8)
            newest = conn.execute("select max(ts) from road_reading").fetchone()
            ledger = conn.execute(
                "select sum(upper(r) - lower(r)) from device_sequence, unnest(received) r"
            ).fetchone()
    finally:
        drop(pg_server, dsn.partition("dbname=")[2].split()[0])
    assert made["rows"] == SIZE.rows == 2088
    assert (again, reused) == (dsn, {"reused": True})
    assert ledger == (2088,)
    assert newest is not None
    assert datetime.now(UTC) - newest[0] < timedelta(minutes=21)


@pytest.mark.usefixtures("quick_start")
def test_figures_are_measured_on_a_running_server(pg_server: str) -> None:
    parser = argparse.ArgumentParser()
    figures.add_options(parser)
    words = "--devices 6 --readings 300 --more 2 --requests 20 --anew 1 --pages 5 --connections 4 --clients 5 --seconds 2.5 --export-days 0 --exports geojson"
    options = parser.parse_args(words.split())
    options.dsn = pg_server
    try:
        report = figures.run(options)
    finally:
        drop(pg_server, f"{rows.PREFIX}6x300_2")
    assert report["correct"]
    assert report["not_there"] == []
    assert {f["requests"] for f in report["reads"].values()} == {20}
    assert report["pages"]["statuses"] == report["latest"]["statuses"] | {200: 5}
    assert report["latest_anew"]["requests"] == 1
    assert report["stream"]["gone"] == 0
    assert report["stream"]["events"] >= 5
    (export,) = report["exports"]
    assert (export["status"], export["whole"]) == (200, True)
    assert (
        export["lines"] >= 6 * 300 + 2 * 144 + 2
    )  # a reading each, those that came meanwhile, first and last
    assert 50 < export["rss_before_mb"] <= export["rss_most_mb"]


def test_an_export_is_of_the_last_days_or_of_all() -> None:
    newest = datetime(2026, 1, 9, 6, tzinfo=UTC)
    every = "/api/v1/readings/export?kind=road&format=csv"
    assert exports.address("csv", 0.0, newest) == exports.address("csv", 2.0, None) == every
    assert exports.address("csv", 2.0, newest) == every + "&from=2026-01-07T06%3A00%3A00%2B00%3A00"


def test_a_loads_percentiles() -> None:
    found = Load(took_s=[n / 1000 for n in range(1, 101)], bytes=1000, wall_s=1.0, cpu_s=0.1)
    assert (found.percentile_ms(50), found.percentile_ms(99), found.percentile_ms(100)) == (
        51.0,
        100.0,
        100.0,
    )
    assert found.told()["per_core_s"] == 1000.0
