from __future__ import annotations

import gzip
from datetime import UTC, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cityops.errors import ConfigurationError
from devices.contract.kind import discover
from firmware_sim.replay.mapping import parse_mapping
from firmware_sim.replay.rows import RowReader, parse_time
from firmware_sim.replay.table import Table
from firmware_sim.replay.units import conversion

KINDS = discover()


def reader(mapping: str, kind: str = "road", **more: object) -> RowReader:
    return RowReader(parse_mapping(mapping, KINDS[kind]), "road-1", UTC, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("F", 32.0, 0.0), ("F", 212.0, 100.0), ("K", 273.15, 0.0), ("km/h", 36.0, 10.0), ("mph", 1.0, 0.44704),
        ("kn", 1.0, 0.514444), ("kPa", 101.325, 1013.25), ("fraction", 0.5, 50.0), ("*2.5", 2.0, 5.0), ("/4", 2.0, 0.5),
        ("+1", 0.0, 1.0), ("-0.5", 0.0, -0.5), ("above(0.2;2;0)", 0.21, 2.0), ("above(0.2;2;0)", 0.2, 0.0),
    ],
)  # fmt: skip
def test_units(unit: str, value: float, expected: float) -> None:
    assert conversion(unit)(value) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("unit", ["furlong", "/0", "*", "above(1)", ""])
def test_unknown_units_say_what_is_allowed(unit: str) -> None:
    with pytest.raises(ConfigurationError):
        conversion(unit)


def test_a_mapping_with_templates_quotes_and_units() -> None:
    m = parse_mapping(
        'ts={Year}-{Month}-{Day} {Hour}, surface_temperature_c=RST (deg C), air_temperature_c="a, b":F',
        KINDS["road"],
    )
    assert m.ts == "{Year}-{Month}-{Day} {Hour}"
    assert m.fields["surface_temperature_c"].column == "RST (deg C)"
    assert m.fields["air_temperature_c"].column == "a, b"


@pytest.mark.parametrize("text", ["", "ts=a", "humidity_pct=x", "ts=a,speed=b", "ts", "ts=a,,humidity_pct=b"])
def test_mappings_that_say_too_little_or_wrong(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_mapping(text, KINDS["frog"])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"\xff\xfe\x00a,b\n1,2\n", "not text in UTF-8"),
        ("a.csv.gz", b"ts,t\n1,2\n", "no whole gzip file"),
        ("b.csv.gz", gzip.compress(b"ts,t\n" + b"1,2\n" * 9999, mtime=0)[:-20], "no whole gzip file"),
        ("b.csv", b"ts,t\n" + b'1,"' + b"x" * 200_000 + b'"\n', "no table: field larger"),
    ],
)
def test_a_file_that_is_no_table_is_named(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=message) as caught:
        list(Table(file).rows())
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("delimiter", ["", "ab"])
def test_a_delimiter_is_one_character(delimiter: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="one character"):
        Table(tmp_path / "r.csv", delimiter)


def test_a_short_header_a_bom_and_column_numbers(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text('\ufeff"date","Temp"\n"1","2015-02-04 17:51:00",0.0\n', encoding="utf-8")
    table = Table(path)
    assert table.columns == ["row", "date", "Temp", "#1", "#2", "#3"]
    assert next(table.rows()) == (
        2, {"row": "1", "date": "2015-02-04 17:51:00", "Temp": "0.0", "#1": "1", "#2": "2015-02-04 17:51:00", "#3": "0.0"},
    )  # fmt: skip


def test_tab_separated_and_compressed(tmp_path: Path) -> None:
    path = tmp_path / "r.tsv.gz"
    path.write_bytes(gzip.compress(b"Year\tT2m (deg C)\n2010\t-99.00\n"))
    assert Table(path).columns[:2] == ["Year", "T2m (deg C)"]


def test_no_file_and_no_rows_are_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        Table(tmp_path / "no.csv")
    (tmp_path / "empty.csv").write_text("a,b\n")
    with pytest.raises(ConfigurationError, match="no header with a row"):
        Table(tmp_path / "empty.csv")


def test_a_row_keeps_zero_leaves_out_missing_and_passes_text_on() -> None:
    r = reader("ts={d} {h},surface_temperature_c=a,air_temperature_c=b,humidity_pct=c", missing=("-99",))
    device, ts, fields = r.read({"d": "2010-12-01", "h": "3", "a": "0.00", "b": "-99.00", "c": "wet"})
    assert (device, ts) == ("road-1", 1291172400000)
    assert fields == {"surface_temperature_c": 0.0, "humidity_pct": "wet"}


def test_an_unreadable_time_is_passed_on_for_the_server_to_judge() -> None:
    _, ts, _ = reader("ts=t,humidity_pct=h").read({"t": "yesterday", "h": "1"})
    assert ts == "yesterday"


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2010-12-01T03:00:00Z", UTC, 1291172400),
        ("2010-12-01 03:00", timezone(timedelta(hours=1)), 1291168800),
        ("2010-12-1 3", UTC, 1291172400),
        ("01/12/2010 03:00", UTC, 1291172400),
        ("1291172400", UTC, 1291172400),
        ("1291172400000", UTC, 1291172400),
        ("2018-08-13", UTC, 1534118400),
        ("2026-07-01 12:00", ZoneInfo("Europe/London"), 1782903600),
    ],
)
def test_times(text: str, zone: object, expected: int) -> None:
    parsed = parse_time(text, None, zone)  # type: ignore[arg-type]
    assert parsed is not None
    assert parsed.timestamp() == expected
