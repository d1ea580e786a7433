"""``cityops replay`` as a user types it: a file, the whole chain, every row accounted for."""

from __future__ import annotations

import os
import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from cityops.embedded.postgres import EmbeddedPostgres
from devices.contract.kind import discover
from ops_api.queries.readings import values_as_sent
from rules.core import psychrometrics as psy
from tests.fakes.command_line import cityops
from tests.fakes.real_data import real_data

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

Query = Callable[[str | sql.Composed], list[tuple[Any, ...]]]


class Replayed:
    """What a replay printed, and the database it left."""

    def __init__(self, folder: Path, output: str) -> None:
        self.folder, self.output = folder, output

    @contextmanager
    def database(self) -> Iterator[Query]:
        """Run the database that was left, for the questions of the block."""
        with EmbeddedPostgres(self.folder / "replay") as server, psycopg.connect(server.dsn) as conn:
            yield lambda text: conn.execute(text).fetchall()  # type: ignore[call-overload]


def replay(folder: Path, *arguments: str) -> Replayed:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CITYOPS_DB")}
    done = cityops("replay", *arguments, "--data-dir", str(folder), **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return Replayed(folder, done.stdout + done.stderr)


@pytest.fixture
def folder(server_dir: Path) -> Iterator[Path]:
    """One for each test: for rules that have seen 2026, nothing is to be decided on 2010."""
    place = server_dir / f"replays-{uuid.uuid4().hex[:8]}"
    place.mkdir()
    place.chmod(0o711)
    yield place
    shutil.rmtree(place, ignore_errors=True)


def test_a_file_with_everything_wrong_loses_no_row_and_another_may_follow(
    folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "room.csv"
    rows = [
        "2026-01-09 05:00,18.5,55",
        "2026-01-09 05:05,0.0,100",
        "2026-01-09 05:10,,60",
        "2026-01-09 05:15,85,60",
    ]
    rows += [
        "2026-01-09 05:20,18,150",
        "2026-01-09 05:25,warm,60",
        "yesterday,18,60",
        "1970-01-01 00:00,18,60",
    ]
    file.write_text("time,t,rh\n" + "\n".join(rows) + "\n")
    arguments = (
        str(file),
        "--kind",
        "frog",
        "--device",
        "room-1",
        "--map",
        "ts=time,temperature_c=t,humidity_pct=rh",
    )

    first = replay(folder, *arguments)
    assert "8 rows played, 2 stored, 6 dead letters, 0 stored before" in first.output
    with first.database() as query:
        reasons = Counter(r for (r,) in query("select reason_code from dead_letter where device = 'room-1'"))
        sentences = [s for (s,) in query("select reason from dead_letter where device = 'room-1'")]
        assert (0.0, 100.0) in query("select temperature_c, humidity_pct from frog_reading")
    assert reasons["missing_field"] == 1
    assert sum(reasons.values()) == 6
    assert all(len(s) > 15 for s in sentences)

    next_month = tmp_path / "2026-02.csv"
    next_month.write_text("time,t,rh\n2026-02-09 05:00,18.5,55\n2026-02-09 05:05,18.6,\n")
    in_turn = replay(folder, str(next_month), *arguments[1:]).output
    assert "2 rows played, 1 stored, 1 dead letters, 0 stored before" in in_turn

    again = replay(folder, *arguments)  # exit code 0: all rows are known
    assert "8 rows played, 0 stored, 0 dead letters, 8 stored before" in again.output
    assert "the rules have already seen 2026-02-09" in again.output
    also = replay(folder, str(next_month), *arguments[1:]).output
    assert "2 rows played, 0 stored, 0 dead letters, 2 stored before" in also
    stored = "select 1 from frog_reading join device using (device_id) where name = 'room-1'"
    with again.database() as query:
        assert len(query(stored)) == 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--kind", "toad", "--device", "a", "--map", "ts=t,x_c=t"), "--kind 'toad' is unknown"),
        (("--kind", "frog", "--device", "a", "--map", "ts=t,speed=t"), "frog has no field 'speed'"),
        (("--kind", "frog", "--device", "a", "--map", "ts=t,humidity_pct=h"), "no column 'h'"),
        (("--kind", "frog", "--device", "A b", "--map", "ts=t,humidity_pct=t"), "can't be a device"),
        (
            ("--kind", "frog", "--device", "a", "--map", "ts=t,humidity_pct=t", "--timezone", "Mars"),
            "--timezone 'Mars'",
        ),
        (
            ("--kind", "frog", "--device", "a", "--device", "b", "--map", "ts=t,humidity_pct=t"),
            "belong together",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    file = tmp_path / "x.csv"
    file.write_text("t,u\n1,2\n")
    done = cityops("replay", str(file), *arguments, "--data-dir", str(tmp_path))
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def only(file: Path, folder: Path, starts: tuple[str, ...]) -> Path:
    """Return a file with the head of another and those of its lines that start like this."""
    head, *lines = file.read_text().splitlines()
    part = folder / f"part-of-{file.name}"
    part.write_text("\n".join([head, *(line for line in lines if line.startswith(starts))]) + "\n")
    return part


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("months", "says", "dead"),
    [
        pytest.param((9, 12), "2,928 rows played, 2,905 stored, 23 dead letters", 23, id="two months"),
        pytest.param(
            range(7, 13), "8,832 rows played, 8,676 stored, 156 dead letters", 156,
            marks=pytest.mark.soak, id="half a year",
        ),
    ],
)  # fmt: skip
def test_a_winter_in_stockholm_brings_frost_and_ice_when_it_was_there(
    folder: Path, tmp_path: Path, months: Sequence[int], says: str, dead: int
) -> None:
    whole = real_data("road/hornsgatan/meteorology_2010H2.txt")
    file = only(whole, tmp_path, tuple(f"2010\t{month}\t" for month in months))
    when = "ts={Year}-{Month}-{Day} {Hour}"
    played = replay(
        folder, str(file), "--missing", "-99", "--timezone", "+01:00",
        "--kind", "weather", "--device", "hornsgatan-weather",
        "--map", f"{when},air_temperature_c=T2m (deg C),humidity_pct=RH (%),wind_speed_m_s=FF (m/s),"
        "precipitation_mm_h=Rain (mm/hr)",
        "--kind", "road", "--device", "hornsgatan",
        "--map", f"{when},surface_temperature_c=Road surface temperature (deg C),air_temperature_c=T2m (deg C),"
        "humidity_pct=RH (%),surface_state=Road wetness (mV):above(0.2;2;0)",
    )  # fmt: skip
    assert says in played.output
    assert f"{dead} × missing_field" in played.output

    with played.database() as query:
        rows = query(
            "select ts, surface_temperature_c, air_temperature_c, humidity_pct, surface_state "
            "from road_reading join device using (device_id) where name = 'hornsgatan' order by ts"
        )
        decided = query(
            "select decided_at from decision where subject = 'route-hornsgatan' and outcome = 'treat'"
        )
    treated = {nights(at) for (at,) in decided}
    hazard = hazard_nights(rows)
    assert len(hazard) > 30
    missed = {n for n in hazard if n not in treated and n - timedelta(days=1) not in treated}
    assert not missed, f"nights with ice or hoar in the data and no treatment decided: {sorted(missed)}"
    warm = {night for night in treated if night < date(2010, 10, 1)}
    assert not warm, f"treated in summer: {sorted(warm)}"


def hazard_nights(rows: list[tuple[Any, ...]]) -> set[date]:
    """Nights of December on which the file itself shows hoar (below the frost point) or a wet road below 0 °C."""
    found = set()
    for ts, surface, air, humidity, state in rows:
        frost_point = float(psy.frost_point_c(air, humidity))
        if ts.month == 12 and surface < -0.5 and (state == 2 or surface < frost_point - 0.5):
            found.add(nights(ts))
    return found


def nights(at: datetime) -> date:
    """The night that a time belongs to: noon to noon UTC."""
    return (at.astimezone(UTC) - timedelta(hours=12)).date()


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("starts", "count"),
    [
        pytest.param(('"1',), "1,111", id="rows whose number begins with 1"),
        pytest.param(('"',), "8,143", marks=pytest.mark.soak, id="all"),
    ],
)
def test_an_office_in_mons_has_the_humidity_ratio_of_the_file(
    folder: Path, tmp_path: Path, starts: tuple[str, ...], count: str
) -> None:
    file = only(real_data("damp/uci_occ_datatraining.txt"), tmp_path, starts)
    played = replay(
        folder, str(file), "--kind", "frog", "--device", "mons-office", "--timezone", "Europe/Brussels",
        "--map", "ts=date,temperature_c=Temperature,humidity_pct=Humidity",
    )  # fmt: skip
    assert f"{count} rows played, {count} stored, 0 dead letters" in played.output
    frog = discover()["frog"]
    measured = values_as_sent([frog.by_name["temperature_c"], frog.by_name["humidity_pct"]], "r")
    with played.database() as query:
        rows = query(
            sql.SQL(
                "select {} from frog_reading r join device using (device_id) where name = 'mons-office' order by seq"
            ).format(measured)
        )
    published = [float(line.split(",")[6]) for line in file.read_text().splitlines()[1:]]
    worst = max(
        abs(
            float(
                psy.humidity_ratio(psy.saturation_pressure_hyland_wexler_pa(t) * rh / 100.0, 101_330.0, 0.622)
            )
            - w
        )
        for (t, rh), w in zip(rows, published, strict=True)
    )
    assert worst < 1e-6


@pytest.mark.real_data
@pytest.mark.parametrize(
    "starts",
    [
        pytest.param(("2020-01", "2020-02"), id="two months"),
        pytest.param(("20",), marks=pytest.mark.soak, id="three years"),
    ],
)
def test_bins_in_wyndham_are_thirty_one_devices(
    folder: Path, tmp_path: Path, starts: tuple[str, ...]
) -> None:
    file = only(real_data("bins/wyndham_smartbin_daily_2018_2021.csv"), tmp_path, starts)
    played = replay(
        folder, str(file), "--kind", "bin", "--device", "bin-{serialNumber}", "--timezone", "Australia/Melbourne",
        "--map", "ts=timestamp,fill_pct=latestFullness:tenths",
    )  # fmt: skip
    total = len(file.read_text().splitlines()) - 1
    with played.database() as query:
        stored = query("select count(*) from bin_reading")[0][0]
        dead = query("select count(*) from dead_letter where device like 'bin-%'")[0][0]
        devices = query("select count(distinct device_id) from bin_reading")[0][0]
        emptied = query("select count(*) from event where kind = 'bin_emptied'")[0][0]
    assert stored + dead == total
    assert devices == 31
    drops = big_drops(file)
    assert 0.8 * drops < emptied < 1.2 * drops


def big_drops(file: Path) -> int:
    """Falls of 6 or more of 10 from one day's level to the next: the rule that a hand would use."""
    last: dict[str, int] = {}
    count = 0
    for line in sorted(file.read_text().splitlines()[1:]):
        cells = line.split(",")
        level, serial = int(cells[1]), cells[4]
        count += last.get(serial, 0) - level >= 6
        last[serial] = level
    return count
