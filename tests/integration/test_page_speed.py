"""``cityops bench damp`` measures the resident's page on the real server, signed in, beside the same page without readings."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from ops_api.measure.damp_report import _page_lines
from ops_api.measure.page_speed import BASELINE, PAGES, measure, town_of


@pytest.mark.usefixtures("quick_start")
async def test_the_page_is_measured_with_readings_findings_and_a_session(
    empty_dsn: str, tmp_path: Path
) -> None:
    town = town_of(days=9, homes=2, others_days=1)
    found = await measure(town, 5, empty_dsn, tmp_path)
    assert found["readings"] == (9 * 3 + 2) * 288
    assert set(found["pages"]) == set(PAGES)
    mine, empty = found["pages"]["resident page"], found["pages"][BASELINE]
    assert mine["bytes"] > empty["bytes"] > 1000  # with charts, and a page all the same
    assert 0.0 < mine["p50_ms"] <= mine["p95_ms"] <= mine["p99_ms"]
    assert mine["server_cpu_ms"] > 0.0
    assert found["reached"] is (mine["p95_ms"] <= found["wanted_p95_ms"])
    lines = _page_lines(found)
    assert "8,352 readings in the database (3 rooms × 9 days, 2 other homes × 1 days)" in lines[0]
    assert len(lines) == 4
    with psycopg.connect(empty_dsn) as conn:
        # The analyst has worked it out, and one browser lives in both homes.
        [(findings,)] = conn.execute(
            "select count(*) from damp_finding f join home using (home_id) where code = 'bench-full'"
        )
        assert findings >= 1
        assert conn.execute(
            "select count(*), count(distinct resident_id) from household_member"
        ).fetchone() == (2, 1)
        newest = conn.execute("select max(ts) from frog_reading").fetchone()
    assert newest is not None
    assert town.end - timedelta(minutes=10) < newest[0] <= town.end
