"""The stand-in for Grafana's macros does what Grafana's own does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dashboards.check_macros import expand, interval_of

START = datetime(2026, 1, 9, tzinfo=UTC)
END = datetime(2026, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sql", "plain"),
    [
        ("$__timeFilter(ts)", "ts BETWEEN '2026-01-09T00:00:00+00:00' AND '2026-01-10T00:00:00+00:00'"),
        ("f($__timeFrom(), $__timeTo())", "f('2026-01-09T00:00:00+00:00', '2026-01-10T00:00:00+00:00')"),
        ("$__timeGroup(ts,'5m')", "floor(extract(epoch from ts)/300)*300"),
        ("$__timeGroupAlias(ts,$__interval)", 'floor(extract(epoch from ts)/600)*600 AS "time"'),
        ("x in ($route)", "x in ('r1','o''clock')"),
        ("x in (${route})", "x in ('r1','o''clock')"),
    ],
)
def test_expansion(sql: str, plain: str) -> None:
    assert expand(sql, START, END, variables={"route": ["r1", "o'clock"]}) == plain


def test_timescaledb_groups_by_time_bucket() -> None:
    expanded = expand("$__timeGroupAlias(ts,'5m')", START, END, timescaledb=True)
    assert expanded == "time_bucket('300.000s',ts) AS \"time\""


@pytest.mark.parametrize("sql", ["$__unknown(ts)", "$nobody", "${nobody}"])
def test_what_grafana_does_not_know_is_refused(sql: str) -> None:
    with pytest.raises(ValueError, match=r"not a macro|neither a macro"):
        expand(sql, START, END)


def test_a_variable_with_one_value_is_written_without_quotes() -> None:
    sql = "select '$one' where x in ($many) and y = ${one:raw}"
    plain = expand(sql, START, END, variables={"one": ["o'clock"], "many": ["a", "b"]}, single={"one"})
    assert plain == "select 'o''clock' where x in ('a','b') and y = o'clock"


@pytest.mark.parametrize(
    ("sql", "plain"),
    [
        ("$__timeGroup(ts,'5m'), x", 'floor(extract(epoch from ts)/300)*300 AS "time", x'),
        ("$__unixEpochFilter(t)", "t >= 1767916800 AND t <= 1768003200"),
        ("$__unixEpochGroup(t,1h)", "floor(t/3600)*3600"),
        ("$__timeEpoch(ts)", 'extract(epoch from ts) as "time"'),
        ("$__interval_ms $__interval $__from ${__to}", "600000 10m 1767916800000 1768003200000"),
    ],
)
def test_the_less_usual_macros(sql: str, plain: str) -> None:
    assert expand(sql, START, END) == plain


@pytest.mark.parametrize(
    ("hours", "interval"), [(0.1, "1s"), (6, "30s"), (24, "2m"), (24 * 90, "3h"), (1e6, "7d")]
)
def test_the_interval_follows_the_period(hours: float, interval: str) -> None:
    assert interval_of(timedelta(hours=hours)) == interval
