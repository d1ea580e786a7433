from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from devices.contract import quantities
from devices.contract.codecs.json import encode_reading, reading_decoder
from devices.contract.kind import Field, Kind, discover

FROG = discover()["frog"]


def test_the_seven_kinds_are_found() -> None:
    assert list(discover()) == ["bin", "frog", "gritter", "lorry", "road", "road_surface", "weather"]


def test_names_carry_their_unit() -> None:
    suffixes = {
        "°C": "_c", "%": "_pct", "hPa": "_hpa", "V": "_v", "m/s": "_m_s", "°": "_deg", "mm/h": "_mm_h",
        "oktas": "_oktas", "W/m²": "_w_m2", "mm": "_mm", "g/m²": "_g_m2", "m": "_m", "kg": "_kg", "": "_n",
    }  # fmt: skip
    for kind in discover().values():
        for f in kind.fields:
            if f.quantity is not quantities.CODE:
                assert f.name.endswith(suffixes[f.quantity.symbol]), f.name


def test_coded_fields_name_every_code() -> None:
    for kind in discover().values():
        for f in kind.fields:
            if f.quantity is quantities.CODE:
                assert set(f.codes) == set(range(int(f.minimum), int(f.maximum) + 1)), f.name


def test_another_kind_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "parking.py").write_text(
        "from devices.contract import quantities as q\n"
        "from devices.contract.kind import Field, Kind\n"
        "KIND = Kind(name='parking', title='Parking bay', description='x',\n"
        "    fields=(Field(name='distance_mm', quantity=q.DISTANCE, minimum=0, maximum=5000, required=True),))\n"
    )
    kinds = discover((str(tmp_path),))
    assert "parking" in kinds
    decoded = reading_decoder(kinds["parking"]).message.decode(encode_reading(1, 2, 3, {"distance_mm": 0.0}))
    assert decoded.distance_mm == 0.0


def test_a_file_without_a_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nothing.py").write_text("X = 1\n")
    with pytest.raises(ValueError, match="declares no KIND"):
        discover((str(tmp_path),))


def test_a_name_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "frog2.py").write_text("from devices.contract.kinds.frog import KIND\n")
    with pytest.raises(ValueError, match="declared twice"):
        discover((str(tmp_path),))


@pytest.mark.parametrize("name", ["ts", "quality", "Temp", "1x", "", "a b"])
def test_field_names_that_would_break_the_table_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="field name"):
        Field(name=name, quantity=quantities.TEMPERATURE, minimum=0, maximum=1)


def test_at_least_one_of_must_name_fields() -> None:
    field = Field(name="x_c", quantity=quantities.TEMPERATURE, minimum=0, maximum=1)
    with pytest.raises(ValueError, match="names no field"):
        Kind(name="k", title="k", description="k", fields=(field,), at_least_one_of=(("y_c",),))


def test_zero_is_a_value_and_absent_is_none() -> None:
    one = reading_decoder(FROG).message.decode(
        encode_reading(5, 1, 0, {"temperature_c": 0.0, "humidity_pct": 0})
    )
    assert (one.temperature_c, one.humidity_pct, one.seq) == (0.0, 0.0, 0)
    assert one.wall_temperature_c is None


def test_an_array_is_a_backlog() -> None:
    raw = (
        b"["
        + b",".join(encode_reading(i, 1, i, {"temperature_c": 1, "humidity_pct": 2}) for i in range(3))
        + b"]"
    )
    assert [r.seq for r in reading_decoder(FROG).message.decode(raw)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (
            b'{"ts":1,"temperature_c":"12","humidity_pct":2}',
            "Expected `float`, got `str` - at `$.temperature_c`",
        ),
        (b'{"ts":1,"temperature_c":true,"humidity_pct":2}', "got `bool`"),
        (b'{"ts":1,"temperature_c":null,"humidity_pct":2}', "got `null`"),
        (b'{"ts":1,"temperature_c":1e400,"humidity_pct":2}', "out of range"),
        (b'{"ts":1,"humidity_pct":2}', "missing required field `temperature_c`"),
        (b'{"ts":"2026-01-09T05:10:00","temperature_c":1,"humidity_pct":2}', "timezone"),
        (b'{"ts":1,"seq":-1,"temperature_c":1,"humidity_pct":2}', "`int` >= 0"),
    ],
)
def test_wrong_types_are_named(payload: bytes, says: str) -> None:
    with pytest.raises(msgspec.ValidationError) as e:
        reading_decoder(FROG).message.decode(payload)
    assert says in str(e.value)


@pytest.mark.parametrize("payload", [b"", b"\xff", b'{"ts":1,"temperature_c":NaN}', b"[", b"Infinity"])
def test_what_is_not_json_is_refused(payload: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        reading_decoder(FROG).message.decode(payload)
