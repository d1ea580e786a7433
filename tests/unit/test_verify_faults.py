"""Names and schedules of faults; rows as ranges; the command line that does the same again."""

from __future__ import annotations

import shlex
from itertools import groupby

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cityops.errors import ConfigurationError
from ops_api import cli_verify
from ops_api.verify.faults import FAULTS, FIRST, LAST, parse_faults, schedule
from ops_api.verify.inject import INJECT
from ops_api.verify.rows import runs_in_order
from ops_api.verify.run import Plan

CALM = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy with other tests."""
NAMES = st.lists(st.sampled_from(sorted(FAULTS)), min_size=1, unique=True)


def test_every_fault_can_be_done() -> None:
    assert set(INJECT) == set(FAULTS)


def test_names() -> None:
    assert parse_faults("stop-db, kill-ingester,stop-db") == ("stop-db", "kill-ingester")
    assert parse_faults("none") == ()
    assert parse_faults("all") == tuple(FAULTS)


@pytest.mark.parametrize("text", ["kill-everything", "none,stop-db", "stop-db,all", "", ","])
def test_what_is_wrong_is_named_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"kill-ingester, .*none") as raised:
        parse_faults(text)
    assert not text.strip(",") or "'" in str(raised.value)


@CALM
@given(NAMES, st.integers(1, 6), st.integers(0, 9999), st.sampled_from([0.0, 0.5, 1.0]))
def test_a_schedule_has_all_in_order_and_is_the_same_again(
    names: list[str], times: int, seed: int, together: float
) -> None:
    planned = schedule(names, times, seed, together)
    assert planned == schedule(names, times, seed, together)
    assert sorted(p.name for p in planned) == sorted(names * times)
    assert [p.at for p in planned] == sorted(p.at for p in planned)
    for p in planned:
        assert FIRST <= p.at <= LAST
        assert FAULTS[p.name].hold_s[0] <= p.hold_s <= FAULTS[p.name].hold_s[1]
    for _, group in groupby(planned, key=lambda p: p.at):
        parts = [FAULTS[p.name].part for p in group]
        assert len(set(parts)) == len(parts)
        assert len(parts) == 1 or (together > 0.0 and "alone" not in parts)


def test_another_seed_is_another_schedule() -> None:
    assert schedule(["stop-db", "kill-db"], 5, 1) != schedule(["stop-db", "kill-db"], 5, 2)
    assert schedule([], 3, 1) == []


@CALM
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30)), max_size=60))
def test_rows_become_ranges_and_doubles_stay(rows: list[tuple[str, int]]) -> None:
    rows.sort()
    told = [(name, seq) for name, (a, b) in runs_in_order(rows) for seq in range(a, b + 1)]
    assert sorted(told) == rows


def test_the_command_line_says_how_to_do_it_again() -> None:
    plan = Plan(messages=7, faults=(), times=2, seed=3, devices=4, ingesters=1, rate=10.0)
    assert shlex.split(plan.command)[:3] == ["cityops", "verify", "durability"]
    assert "--faults none --seed 3 --devices 4 --times 2 --rate 10" in plan.command
    assert plan.command.endswith("--messages 7")
    timed = Plan(
        messages=None,
        faults=("stop-db",),
        times=None,
        seed=3,
        devices=4,
        ingesters=1,
        rate=10.0,
        seconds=70.0,
    )
    assert timed.command.endswith("--seconds 70")
    assert len(timed.schedule) == 10


def test_a_run_ends_by_its_number_or_by_its_time() -> None:
    assert cli_verify.readings(7, None) == 7
    assert cli_verify.readings(None, None) == cli_verify.MESSAGES
    assert cli_verify.readings(None, 60.0) is None
    with pytest.raises(ConfigurationError, match="--messages 7 and --seconds 60"):
        cli_verify.readings(7, 60.0)
