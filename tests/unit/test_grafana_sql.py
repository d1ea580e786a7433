"""The stand-in for Grafana's macros does what Grafana's own does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.fakes.grafana_sql import expand

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
