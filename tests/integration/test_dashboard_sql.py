"""Every query of every board runs as the dashboards' role on a real database and finds rows."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from cityops.db.migration_files import routines
from dashboards.check_macros import expand
from dashboards.check_sql import Query
from tests.fakes.databases import create
from tests.fakes.grafana_boards import BOARDS, queries

pytestmark = pytest.mark.storage

ROUTINE = {file.name: file.text for file in routines()}["reader"]
TOWN = (Path(__file__).parents[1] / "fakes" / "town_rows.sql").read_text(encoding="utf-8")
QUERIES = list(queries())


class Reader:
    """What Grafana's data source is: a connection with the role's rights and nothing more."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self.conn = conn
        self.end = datetime.now(UTC) + timedelta(minutes=1)
        found = conn.execute("select count(*) from pg_extension where extname = 'timescaledb'").fetchone()
        self.timescaledb = found is not None and found[0] == 1

    def run(self, query: Query, hours: float = 24) -> tuple[list[str], list[tuple[Any, ...]]]:
        start = self.end - timedelta(hours=hours)
        text = expand(
            query.sql, start, self.end, variables=self._choices(query.board), timescaledb=self.timescaledb
        )
        cursor = self.conn.execute(text)  # type: ignore[call-overload]
        return [column.name for column in cursor.description or ()], cursor.fetchall()

    def _choices(self, uid: str) -> dict[str, Sequence[str]]:
        choices: dict[str, Sequence[str]] = {}
        for variable in BOARDS[uid]["templating"]["list"]:
            if variable["type"] == "query":
                found = self.conn.execute(variable["query"]).fetchall()
                choices[variable["name"]] = [row[-1] for row in found]
        return choices


def _reader(dsn: str) -> psycopg.Connection[Any]:
    conn = psycopg.connect(dsn, autocommit=True)
    conn.execute("set role cityops_reader")
    return conn


@pytest.fixture(scope="module")
def town(pg_server: str, db_template: str) -> Iterator[Reader]:
    """A database with a night in a small town, read as the dashboards read it."""
    name = f"{db_template}_boards"
    with psycopg.connect(pg_server, autocommit=True) as admin:
        create(pg_server, name, db_template)
        dsn = psycopg.conninfo.make_conninfo(pg_server, dbname=name)
        with psycopg.connect(dsn, autocommit=True) as owner:
            owner.execute(TOWN)  # type: ignore[call-overload]
            for view in _aggregates(owner):
                owner.execute(sql.SQL("call refresh_continuous_aggregate({}, null, null)").format(view))
        with _reader(dsn) as conn:
            yield Reader(conn)
        admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _aggregates(conn: psycopg.Connection[Any]) -> list[sql.Literal]:
    """Return the continuous aggregates; on plain PostgreSQL there are none."""
    if conn.execute("select to_regclass('timescaledb_information.continuous_aggregates')").fetchone() == (
        None,
    ):
        return []
    found = conn.execute("select view_name from timescaledb_information.continuous_aggregates").fetchall()
    return [sql.Literal(row[0]) for row in found]


@pytest.mark.parametrize("query", QUERIES, ids=[q.where for q in QUERIES])
def test_query_returns_rows(town: Reader, query: Query) -> None:
    names, found = town.run(query)
    if "board.policies()" in query.sql and not town.timescaledb:
        assert found == [], "plain PostgreSQL has no policies"
        return
    assert found, f"{query.where} finds nothing"
    assert any(value is not None for row in found for value in row)
    if query.frame == "time_series":
        _is_time_series(names, found)
    if query.kind == "geomap":
        assert {"longitude", "latitude"} <= set(names)
        places = [(row[names.index("longitude")], row[names.index("latitude")]) for row in found]
        assert all(-3 < x < -2 and 51 < y < 52 for x, y in places), "longitude and latitude swapped?"
    if query.kind == "stat":
        assert len(found) == 1
        assert len(names) == 1
        assert isinstance(found[0][0], int | float) or hasattr(found[0][0], "as_tuple"), (
            "a number, not text or time"
        )


def _is_time_series(names: list[str], found: list[tuple[Any, ...]]) -> None:
    assert "time" in names
    assert len(names) == len(set(names))
    times = [row[names.index("time")] for row in found]
    assert all(time is not None for time in times)
    assert times == sorted(times), "Grafana wants long series in order of time"
    if "metric" in names:
        assert set(names) == {"time", "metric", "value"}


def test_an_empty_database_is_not_an_error(db_dsn: str) -> None:
    """A board on the day of installation shows empty panels, not red triangles."""
    with _reader(db_dsn) as conn:
        reader = Reader(conn)
        for query in QUERIES:
            reader.run(query)  # with what the choices offer: `in ()` can't be read


def test_the_role_is_made_once_for_all_databases_of_a_cluster(pg_server: str, db_template: str) -> None:
    """Roles belong to the cluster: upgrades of several databases meet at ``create role``."""
    role = f"reader_{uuid.uuid4().hex[:8]}"
    routine = ROUTINE.replace("cityops_reader", role)
    names = [f"{db_template}_role{i}" for i in range(4)]
    with psycopg.connect(pg_server, autocommit=True) as admin:
        for name in names:
            create(pg_server, name, db_template)
        dsns = [psycopg.conninfo.make_conninfo(pg_server, dbname=name) for name in names]
        try:
            with ThreadPoolExecutor(len(dsns)) as pool:
                list(pool.map(lambda dsn: _apply_twice(dsn, routine), dsns))
            assert admin.execute(
                "select rolcanlogin from pg_roles where rolname = %s", (role,)
            ).fetchall() == [(False,)]
        finally:
            for name in names:
                admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
            admin.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(role)))


def _apply_twice(dsn: str, routine: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as conn:
        for _ in range(2):
            conn.execute(routine)  # type: ignore[call-overload]


CLOSED = (
    "home",
    "home_device",
    "diary_entry",
    "device",
    "frog_reading",
    "frog_hourly",
    "frog_daily",
    "frog_latest",
    "dead_letter",
    "dead_letter_overflow",
    "subject_state",
    "alarm",
    "alarm_member",
    "alarm_log",
    "decision",
    "event",
    "rule_state",
    "device_sequence",
    "notification",
    "work_item",
    "treatment_act",
    "winter_score",
    "bin_statement",
    "device_status",
)


@pytest.mark.parametrize("table", CLOSED)
def test_the_role_has_no_right_on_what_tells_of_a_home(town: Reader, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        town.conn.execute(sql.SQL("select * from public.{} limit 1").format(sql.Identifier(table)))


def test_the_role_may_write_nothing(town: Reader) -> None:
    found = town.conn.execute(
        "select table_schema, table_name, privilege_type from information_schema.table_privileges"
        " where grantee = 'cityops_reader' and privilege_type <> 'SELECT'"
    ).fetchall()
    assert found == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        town.conn.execute("create table board.mine (x int)")


def test_no_secret_of_a_household_is_in_anything_the_role_can_read(town: Reader) -> None:
    readable = town.conn.execute(
        "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname in ('public', 'board') and c.relkind in ('r', 'v', 'm', 'p')"
        " and has_table_privilege('cityops_reader', c.oid, 'select')"
    ).fetchall()
    assert ("board", "alarm") in readable
    assert ("public", "road_reading") in readable
    for schema, name in readable:
        whole = sql.SQL("select coalesce(string_agg(t::text, ' '), '') from {}.{} t")
        text = town.conn.execute(whole.format(sql.Identifier(schema), sql.Identifier(name))).fetchone()
        assert text is not None
        assert "secret" not in text[0].lower(), f"{schema}.{name}"


def test_a_device_in_a_home_has_no_place(town: Reader) -> None:
    frogs = town.conn.execute(
        "select label, latitude_deg, longitude_deg from board.device where kind = 'frog'"
    )
    assert set(frogs.fetchall()) == {("", None, None)}


def test_homes_show_nothing_below_five(pg_server: str, db_dsn: str) -> None:
    with psycopg.connect(db_dsn, autocommit=True) as owner:
        owner.execute(TOWN)  # type: ignore[call-overload]
        owner.execute(
            "delete from subject_state where subject_kind = 'home' and subject not in ('secret-code-1')"
        )
        owner.execute("delete from home_device where home_id > (select min(home_id) + 3 from home)")
    with _reader(db_dsn) as conn:
        assert conn.execute("select * from board.home_histogram('humidity_pct', 5)").fetchall() == []
        climate = conn.execute("select * from board.home_climate(now() - interval '1 day', now())")
        assert climate.fetchall() == []


def test_a_histogram_of_anything_else_is_empty(town: Reader) -> None:
    assert town.conn.execute("select * from board.home_histogram('message', 5)").fetchall() == []


@pytest.mark.parametrize(
    ("field", "step"), [("temperature_c", 0.9), ("humidity_pct", 1), ("temperature_c", 1e-9)]
)
def test_nobody_chooses_the_width_of_a_band(town: Reader, field: str, step: float) -> None:
    """Bands of two widths could be subtracted until one home is left: whoever reads boards may send any SQL."""
    assert town.conn.execute("select * from board.home_histogram(%s, %s)", (field, step)).fetchall() == []


def test_how_many_homes_report_is_not_told_below_five(db_dsn: str) -> None:
    told = []
    for n in range(6):
        with _reader(db_dsn) as conn:
            told.append(conn.execute("select homes from board.homes_reporting").fetchone())
        with psycopg.connect(db_dsn, autocommit=True) as owner:
            owner.execute(
                "insert into subject_state (subject_kind, subject, at, state) values ('home', %s, now(), '{}')",
                (str(n),),
            )
    assert told == [(0,), (None,), (None,), (None,), (None,), (5,)]


def test_completeness_is_of_the_whole_period(town: Reader) -> None:
    kinds = "array['bin', 'road', 'weather', 'frog']"
    found = town.conn.execute(
        f"select kind, expected, stored from board.completeness({kinds}, now() - interval '11 hours', now())"
    ).fetchall()
    hours = {kind: (expected, stored) for kind, expected, stored in found if kind in {"bin", "road"}}
    assert hours["road"][0] >= 9 * 6 * 6, "more than the six hours that it once was"
    assert all(0 < stored <= expected for expected, stored in hours.values())
    found = town.conn.execute(
        f"select kind, expected, stored from board.completeness({kinds}, now() - interval '6 days', now())"
    ).fetchall()
    days = town.conn.execute(
        f"select kind, sum(expected)::bigint, sum(least(stored, expected))::bigint from board.readings_by_day({kinds},"
        " now() - interval '6 days', now()) where expected > 0 group by kind"
    ).fetchall()
    assert sorted(row for row in found if row[1] is not None) == sorted(days)
    assert "bin" in {kind for kind, *_ in days}


def test_homes_histogram_counts_every_home_once(town: Reader) -> None:
    found = town.conn.execute("select sum(homes) from board.home_histogram('humidity_pct', 5)").fetchone()
    assert found == (10,)


RISK = "select risk, homes, said from board.home_risk"


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        (
            {"high": 1, "raised": 9, "low": 40},
            {"high": "fewer than 5", "raised": "not told", "low": 40, "unknown": 0},
        ),
        (
            {"high": 7, "raised": 6, "low": 40, "unknown": 5},
            {"high": 7, "raised": 6, "low": 40, "unknown": 5},
        ),
        # Of 6 that are at least 5 and some, the others would be 1: so a third class is not told either.
        (
            {"high": 1, "raised": 5, "low": 40, "unknown": 9},
            {"high": "fewer than 5", "raised": "not told", "low": 40, "unknown": "not told"},
        ),
        # 4 and 4 add up to 8: with the sum of all, each would be known.
        (
            {"high": 4, "raised": 4, "low": 40, "unknown": 9},
            {"high": "fewer than 5", "raised": "fewer than 5", "low": 40, "unknown": "not told"},
        ),
        ({"high": 2, "low": 5}, {"high": "fewer than 5", "raised": 0, "low": "not told", "unknown": 0}),
        ({}, {"high": 0, "raised": 0, "low": 0, "unknown": 0}),
    ],
)
def test_no_class_of_risk_is_told_or_found_below_five(
    db_dsn: str, counts: dict[str, int], told: dict[str, object]
) -> None:
    with psycopg.connect(db_dsn, autocommit=True) as owner:
        for risk, n in counts.items():
            owner.execute(
                "insert into subject_state (subject_kind, subject, at, state)"
                " select 'home', %s || n, now(), jsonb_build_object('risk', %s::text) from generate_series(1, %s) n",
                (risk, risk, n),
            )
    with _reader(db_dsn) as conn:
        found = conn.execute(RISK).fetchall()
    assert {risk: said if homes is None else homes for risk, homes, said in found} == told


@pytest.mark.parametrize(
    ("temperatures", "bands"),
    [
        ([15.5, 16.1, 16.2, 16.3, 16.4, 18.1, 18.2, 18.3, 18.4, 18.5, 21.0],
         [(None, 18.0, 5), (18.0, None, 6)]),
        ([15.5, 16.1, 16.2, 16.3, 21.0], [(None, None, 5)]),
        ([15.5, 16.1, 16.2, 16.3], []),
        ([16.1] * 5 + [17.1] * 5 + [18.1] * 9, [(None, 17.0, 5), (17.0, 18.0, 5), (18.0, None, 9)]),
    ],
)  # fmt: skip
def test_no_band_of_a_histogram_has_fewer_than_five_homes(
    db_dsn: str, temperatures: list[float], bands: list[tuple[object, object, int]]
) -> None:
    with psycopg.connect(db_dsn, autocommit=True) as owner:
        for n, value in enumerate(temperatures):
            owner.execute(
                "insert into subject_state (subject_kind, subject, at, state)"
                " values ('home', %s, now(), jsonb_build_object('temperature_c', %s::float8))",
                (str(n), value),
            )
    with _reader(db_dsn) as conn:
        assert conn.execute("select * from board.home_histogram('temperature_c', 1)").fetchall() == bands


def test_two_histograms_tell_no_home_by_their_difference(db_dsn: str) -> None:
    """Of bands of 3 the first ends at 18, of bands of 4 at 20, and both have five homes and more: one lies between."""
    with psycopg.connect(db_dsn, autocommit=True) as owner:
        for n, value in enumerate((15.5, 16.1, 16.2, 16.3, 16.4, 18.5, 21.0, 21.1, 21.2, 21.3, 21.4)):
            owner.execute(
                "insert into subject_state (subject_kind, subject, at, state)"
                " values ('home', %s, now(), jsonb_build_object('temperature_c', %s::float8))",
                (str(n), value),
            )
    with _reader(db_dsn) as conn:
        bands = [
            conn.execute("select homes from board.home_histogram('temperature_c', %s)", (step,)).fetchall()
            for step in (3, 4, 0.1, -1, "NaN")
        ]
    assert bands == [[]] * 5


def test_humid_homes_are_counted_from_five_on(town: Reader) -> None:
    climate = "select homes, humid_homes from board.home_climate(now() - interval '2 days', now())"
    found = town.conn.execute(climate).fetchall()
    assert found
    assert all(humid is None or 5 <= humid <= homes - 5 for homes, humid in found)


def test_devices_seen_counts_silent_ones(town: Reader) -> None:
    recent = "select kind, devices, seen from board.devices_seen(now() - interval '1 hour', now())"
    assert {k: (d, s) for k, d, s in town.conn.execute(recent).fetchall()} == {
        "bin": (8, 8),
        "frog": (10, 10),
        "gritter": (2, 2),
        "lorry": (2, 2),
        "road": (6, 5),
        "weather": (2, 2),
    }
    past = "select sum(seen) from board.devices_seen(now() - interval '9 days', now() - interval '8 days')"
    assert town.conn.execute(past).fetchone() == (0,)


def test_table_sizes_count_partitions(town: Reader) -> None:
    sizes = dict(town.conn.execute("select name, bytes from board.table_sizes()").fetchall())
    assert sizes["road_reading"] > 50_000
    assert len(sizes) == len(set(sizes))
