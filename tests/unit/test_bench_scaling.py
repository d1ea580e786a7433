"""The arithmetic of docs/scaling.md, against sums done by hand, and the page against the arithmetic."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from bench.scaling import (
    BATCH_ROWS,
    BUSY,
    COSTS,
    FLEETS,
    SOURCES,
    Fleet,
    Line,
    batch_of,
    limits,
    load,
    plan,
    workers_for,
)
from bench.scaling_page import BLOCK, TABLES, fill
from cityops.settings import IngestSettings

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"


def test_a_line_meets_what_was_measured() -> None:
    line = Line.through((100, 30.0), (1000, 12.0))
    assert (line.item_us, line.batch_us) == (pytest.approx(10.0), pytest.approx(2000.0))
    assert line.per_item_us(100) == pytest.approx(30.0)
    assert COSTS.ingester.per_item_us(BATCH_ROWS) == pytest.approx(19.0)


def test_a_country_by_hand() -> None:
    country = plan(Fleet("country", 28_000_000))
    assert country["messages_per_s"] == pytest.approx(93_333, rel=1e-4)
    assert country["ingester_cores"] == pytest.approx(93_333 * 19e-6, rel=1e-3)
    assert country["database_cores"] == pytest.approx(93_333 * 18e-6, rel=1e-3)
    assert country["compressed_gb_day"] == pytest.approx(28e6 * 288 * 9.9 / 1e9)
    assert country["connection_gb"] == pytest.approx(532)
    assert (country["workers"], country["cluster_nodes"], country["shards"]) == (4, 28, 32)


@pytest.mark.parametrize("fleet", FLEETS, ids=lambda f: f.name)
def test_workers_are_as_few_as_keep_each_below_half_a_core(fleet: Fleet) -> None:
    def busy(workers: int) -> float:
        batch = batch_of(fleet.rate, workers)
        return fleet.rate / workers * COSTS.ingester.per_item_us(batch) / 1e6

    workers = workers_for(fleet)
    assert busy(workers) <= BUSY
    assert workers == 1 or busy(workers - 1) > BUSY


def test_a_cheaper_ingester_needs_fewer_workers_and_nothing_else_changes() -> None:
    country = FLEETS[-1]
    cheaper = replace(COSTS, ingester=Line(6.0, 12_000.0))
    before, after = plan(country), plan(country, cheaper)
    assert after["workers"] < before["workers"]
    assert after["raw_gb_day"] == before["raw_gb_day"]


def test_batches_are_of_one_to_all() -> None:
    assert batch_of(0.01, 1) == 1
    assert batch_of(1e9, 1) == BATCH_ROWS == IngestSettings().batch_rows
    assert batch_of(1000, 2) == pytest.approx(500 * IngestSettings().batch_age_s)


def test_a_fleet_at_a_limit_is_full() -> None:
    for counted, limit in limits().values():
        fleet = Fleet("x", round(limit)) if counted == "devices" else Fleet("x", round(limit * 300))
        assert load(fleet, counted, limit) == pytest.approx(1.0, rel=1e-3)


def test_every_input_has_its_source() -> None:
    assert set(SOURCES) == set(asdict(COSTS))


def test_the_page_shows_what_is_computed() -> None:
    """``make docs`` writes it."""
    text = PAGE.read_text(encoding="utf-8")
    assert {m[2] for m in BLOCK.finditer(text)} == set(TABLES)
    assert fill(text) == text
