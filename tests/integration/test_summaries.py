"""What boards read of a quarter is kept, equals what it sums up, and follows late readings."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingest.summaries import Summaries

pytestmark = pytest.mark.storage

TOWN = (Path(__file__).parents[1] / "fakes" / "town_rows.sql").read_text(encoding="utf-8")
DAY = "now() - interval '1 day', now()"
INGEST = "select slot, kind, batches, readings, duplicates, dead_letters, oldest_s, newest_s from board.ingest({}) order by 1, 2"
CLIMATE = f"select * from board.home_climate({DAY})"


@pytest.fixture
def owner(db_dsn: str) -> Any:
    with psycopg.connect(db_dsn, autocommit=True) as conn:
        conn.execute(TOWN)
        yield conn


def count(conn: psycopg.Connection[Any], what: str) -> int:
    row = conn.execute(f"select count(*) from {what}").fetchone()
    assert row is not None
    return int(row[0])


def keep(dsn: str) -> int:
    return asyncio.run(Summaries(dsn).keep())


def refresh(conn: psycopg.Connection[Any]) -> None:
    """Bring the aggregates up to date, as their policies do."""
    found = conn.execute("select to_regclass('timescaledb_information.continuous_aggregates')").fetchone()
    for suffix in ("hourly", "daily") if found != (None,) else ():
        conn.execute(f"call refresh_continuous_aggregate('frog_{suffix}', null, null)")


def late(conn: psycopg.Connection[Any], first: str, last: str) -> None:
    """Have a batch arrive whose readings are from between two times long over."""
    conn.execute(
        "insert into ingest_batch (received_at, readings, kinds) select clock_timestamp(), 400, jsonb_build_object('frog',"
        f" jsonb_build_object('rows', 400, 'min_ts', {first}, 'max_ts', {last}))"
    )


def wait(conn: psycopg.Connection[Any], minutes: int) -> None:
    """Let time pass for what was noted."""
    past = f"- interval '{minutes} minutes'"
    conn.execute(f"update summary.home_climate_due set since = since {past}, newest = newest {past}")
    conn.execute(f"update ingest_batch set received_at = received_at {past}")


def test_what_is_kept_is_what_it_sums_up(owner: psycopg.Connection[Any], db_dsn: str) -> None:
    refresh(owner)
    # The whole slots and hours: the moment at which one asks has a part in those that are not over.
    found = owner.execute("select date_bin('10 minutes', now(), 'epoch') - interval '10 minutes'").fetchone()
    assert found is not None
    span = f"'{found[0]}'::timestamptz - interval '5 hours', '{found[0]}'"
    ingest, climate = owner.execute(INGEST.format(span)).fetchall(), owner.execute(CLIMATE).fetchall()
    assert len(ingest) > 40
    assert len(climate) > 15
    assert keep(db_dsn) > 45
    assert count(owner, "summary.ingest where kind = 'road'") >= 28
    assert count(owner, "summary.home_climate") > 0
    after = owner.execute(INGEST.format(span)).fetchall()
    assert [r for r in after if r[0] < found[0]] == [r for r in ingest if r[0] < found[0]]
    assert owner.execute(CLIMATE).fetchall() == climate


def test_nothing_is_left_to_do_the_second_time(owner: psycopg.Connection[Any], db_dsn: str) -> None:
    keep(db_dsn)
    assert keep(db_dsn) == 0


def test_an_empty_database_has_nothing_to_keep(db_dsn: str) -> None:
    assert keep(db_dsn) == 0


def test_a_late_reading_changes_the_hours_it_is_of(owner: psycopg.Connection[Any], db_dsn: str) -> None:
    refresh(owner)
    keep(db_dsn)
    hour = "date_trunc('hour', now() - interval '4 hours')"
    before = owner.execute(
        f"select temperature_p90 from summary.home_climate where bucket = {hour}"
    ).fetchone()
    owner.execute(
        "insert into frog_reading (ts, device_id, seq, boot, temperature_c, humidity_pct, received_at)"
        f" select {hour} + i * interval '1 second', device_id, 1000 + i, 1, 35, 50, now() from device, generate_series(1, 40) i"
        " where kind = 'frog'"
    )
    refresh(owner)
    late(owner, hour, f"{hour} + interval '40 seconds'")
    assert keep(db_dsn) == 0, "the aggregate may not be refreshed yet"
    wait(owner, 31)
    assert keep(db_dsn) == 1
    assert keep(db_dsn) == 0
    after = owner.execute(
        f"select temperature_p90 from summary.home_climate where bucket = {hour}"
    ).fetchone()
    assert before is not None
    assert after is not None
    assert after[0] > before[0] + 5


def test_an_hour_that_stays_late_is_worked_out_all_the_same(
    owner: psycopg.Connection[Any], db_dsn: str
) -> None:
    """A device that empties a long outbox changes its hours for days: they were put off as long."""
    refresh(owner)
    keep(db_dsn)
    hour = "date_trunc('hour', now() - interval '4 hours')"
    late(owner, hour, hour)
    keep(db_dsn)
    wait(owner, 31)
    late(owner, hour, hour)
    assert keep(db_dsn) == 1
    assert (
        count(owner, "summary.home_climate_due where since = newest and since > now() - interval '1 minute'")
        == 1
    )
    wait(owner, 31)
    assert keep(db_dsn) == 1
    assert count(owner, "summary.home_climate_due") == 0


def test_one_old_reading_in_every_batch_is_little_work(owner: psycopg.Connection[Any], db_dsn: str) -> None:
    """A batch tells from when to when its readings are: 600 that reach five years back would be 26 million hours."""
    keep(db_dsn)
    for _ in range(600):
        late(owner, "now() - interval '5 years'", "now() - interval '3 hours'")
    owner.execute("set statement_timeout = '10 s'")
    owner.execute("select summary.note_late(date_bin('1 hour', now(), 'epoch'))")
    assert count(owner, "summary.home_climate_due") == pytest.approx(92 * 24 - 3, abs=2)


def test_a_clock_that_was_ahead_is_forgiven(owner: psycopg.Connection[Any], db_dsn: str) -> None:
    refresh(owner)
    keep(db_dsn)
    before = owner.execute(CLIMATE).fetchall()
    owner.execute(
        "update summary.kept set until = until + interval '1 year', looked_at = looked_at + interval '1 year'"
    )
    assert [r[0] for r in owner.execute(CLIMATE).fetchall()] == [r[0] for r in before]
    keep(db_dsn)
    assert count(owner, "summary.kept where until > now() or looked_at > now()") == 0
    assert owner.execute(CLIMATE).fetchall()[:-1] == before[:-1]


def test_two_workers_do_the_work_once(owner: psycopg.Connection[Any], db_dsn: str) -> None:
    with psycopg.connect(db_dsn) as other:
        assert other.execute("select summary.keep() > 0").fetchone() == (True,)
        assert owner.execute("select summary.keep()").fetchone() == (0,), "the other one is at it"


@pytest.mark.parametrize("table", ["kept", "ingest", "home_climate", "home_climate_due", "readings_day"])
def test_the_dashboards_role_reads_no_summary_itself(db_dsn: str, table: str) -> None:
    with psycopg.connect(db_dsn, autocommit=True) as conn:
        conn.execute("set role cityops_reader")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(f"select * from summary.{table}")


def test_no_kept_hour_is_of_fewer_than_five_homes(owner: psycopg.Connection[Any], db_dsn: str) -> None:
    owner.execute("delete from home_device where home_id > (select min(home_id) + 3 from home)")
    keep(db_dsn)
    assert owner.execute("select count(*) from summary.home_climate").fetchone() == (0,)
    with pytest.raises(psycopg.errors.CheckViolation):
        owner.execute("insert into summary.home_climate (bucket, homes) values (now(), 4)")
    with pytest.raises(psycopg.errors.CheckViolation):
        owner.execute("insert into summary.home_climate (bucket, homes, humid_homes) values (now(), 12, 9)")
