"""What a fleet needs: the arithmetic, its sources, and the table of docs/operating.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.scaling import COSTS as SCALING
from devices.contract.kind import discover
from ops_api.capacity.costs import COSTS
from ops_api.capacity.plan import Part, plan
from ops_api.capacity.text import number, table
from tests.fakes.command_line import cityops

ROOT = Path(__file__).parents[2]
SHOWN = (
    ("frog", 1000),
    ("frog", 10_000),
    ("frog", 100_000),
    ("road", 200),
    ("weather", 10),
    ("bin", 2000),
    ("gritter", 20),
)


def test_ten_thousand_frogs_by_hand() -> None:
    found = plan([Part("frog", 10_000, 300)], years=2)
    (line,) = found.lines
    assert line.rows_per_day == pytest.approx(10_000 * 288)
    assert line.rows_gb_day == pytest.approx(2_880_000 * 154.3 / 1e9)
    assert line.columns_gb_year == pytest.approx(2_880_000 * 9.9 * 365 / 1e9)
    assert line.aggregates_gb_year == pytest.approx(10_000 * (24 * 187 + 209) * 365 / 1e9)
    assert found.plain_gb == pytest.approx(2 * line.rows_gb_year + 0.00225)
    assert found.wal_gb_day == pytest.approx(0.7027, abs=1e-4)
    assert found.broker_gb == pytest.approx(0.19)
    assert found.cores == 2


@given(st.integers(1, 10**6), st.floats(1, 86_400), st.floats(0.1, 20))
def test_twice_the_devices_never_need_less(devices: int, cadence_s: float, years: float) -> None:
    one, two = (plan([Part("frog", n, cadence_s)], years) for n in (devices, 2 * devices))
    assert two.messages_per_s == pytest.approx(2 * one.messages_per_s)
    assert two.plain_gb == pytest.approx(2 * one.plain_gb)
    assert (two.cores, two.memory_gb) >= (one.cores, one.memory_gb)


def test_nonsense_is_refused() -> None:
    for parts, years in (
        ([], 1.0),
        ([Part("frog", 1, 0)], 1.0),
        ([Part("frog", -1, 1)], 1.0),
        ([Part("frog", 1, 1)], 0),
        ([Part("frog", 1, float("nan"))], 1.0),
        ([Part("frog", 1, float("inf"))], 1.0),
        ([Part("frog", 1, 1)], float("nan")),
    ):
        with pytest.raises(ValueError, match="give devices"):
            plan(parts, years)


def test_figures_are_those_of_the_scaling_page_and_each_has_a_source() -> None:
    assert COSTS["ingester_us"].value == pytest.approx(SCALING.ingester.item_us, rel=0.01)
    assert COSTS["ingester_batch_us"].value == pytest.approx(SCALING.ingester.batch_us, rel=0.01)
    assert COSTS["database_us"].value == pytest.approx(SCALING.database.item_us, rel=0.01)
    assert COSTS["database_batch_us"].value == pytest.approx(SCALING.database.batch_us, rel=0.01)
    for ours, theirs in (
        ("broker_us", SCALING.broker_us), ("rules_us", SCALING.rules_us), ("columnar_bytes", SCALING.compressed_bytes),
        ("wal_bytes", SCALING.wal_bytes), ("ledger_bytes", SCALING.ledger_bytes), ("queued_bytes", SCALING.queued_bytes),
        ("directory_bytes", SCALING.directory_bytes), ("connection_bytes", SCALING.tls_connection_bytes),
    ):  # fmt: skip
        assert COSTS[ours].value == theirs
    for cost in COSTS.values():
        page = re.match(r"docs/\w+\.md", cost.source)
        assert cost.source == "the same line" or (page is not None and (ROOT / page.group()).is_file()), cost


def test_the_table_of_the_page_is_computed() -> None:
    kinds = discover()
    parts = [Part(n, count, float(kinds[n].cadence_s), len(kinds[n].fields)) for n, count in SHOWN]
    assert table(plan(parts)) in (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def test_the_command_answers_and_says_what_is_wrong() -> None:
    done = cityops("capacity", "--devices", "frog=10000", "--devices", "road=200@60", "--years", "1")
    assert done.returncode == 0, done.stderr
    assert "| road | 200 | 60 s | 3.3 |" in done.stdout
    assert "cores " in done.stdout
    assert "`columnar_bytes` | 9.9 B a frog's reading" in cityops("capacity", "--sources").stdout
    for words, said in (
        ("snail=1", "no kind 'snail'"),
        ("frog", "write KIND=NUMBER"),
        ("frog=0", "at least one device"),
        ("frog=1@nan", "more than 0 seconds"),
    ):
        wrong = cityops("capacity", "--devices", words)
        assert (wrong.returncode, said in wrong.stderr) == (2, True), wrong.stderr
    assert (number(0.0123), number(12.3), number(1234.5)) == ("0.012", "12", "1,234")
