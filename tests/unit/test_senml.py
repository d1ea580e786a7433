"""SenML by RFC 8428: its examples, and what breaks its rules. Examples quoted are the RFC's, in other words shortened."""

from __future__ import annotations

import json
from typing import Any

import cbor2
import pytest

from devices.contract.kinds import weather
from devices.contract.kinds.frog import KIND as FROG
from devices.contract.senml.cbor import read_cbor, write_cbor
from devices.contract.senml.json import read_json, write_json
from devices.contract.senml.labels import CBOR_LABELS, SenmlError
from devices.contract.senml.pack import pack
from devices.contract.senml.quantities import by_time, records_of
from devices.contract.senml.resolve import Record, resolve
from tests.fakes.real_data import real_data

NOW_S = 1498780179.0
# RFC 8428, section 6: the second example of 5.1.2 in CBOR.
CBOR = (
    "87a721781b75726e3a6465763a6f773a3130653230373361303130383030363a22fb41d303a15b00106223614120050067766f6c7461676501"
    "615602fb405e066666666666a3006763757272656e74062402fb3ff3333333333333a3006763757272656e74062302fb3ff4cccccccccccda3"
    "006763757272656e74062202fb3ff6666666666666a3006763757272656e74062102f93e00a3006763757272656e74062002fb3ff999999999"
    "999aa3006763757272656e74060002fb3ffb333333333333"
)
CURRENTS = [
    {
        "bn": "urn:dev:ow:10e2073a0108006:", "bt": 1276020076.001, "bu": "A", "bver": 5,
        "n": "voltage", "u": "V", "v": 120.1,
    },
    *({"n": "current", "t": t, "v": v} for t, v in ((-5, 1.2), (-4, 1.3), (-3, 1.4), (-2, 1.5), (-1, 1.6), (0, 1.7))),
]  # fmt: skip


def read(*records: dict[str, Any], now_s: float = NOW_S) -> tuple[Record, ...]:
    return resolve(read_json(json.dumps(records).encode()), now_s)


def test_base_fields_times_and_units() -> None:
    found = read(*CURRENTS)
    assert [(r.time_s - 1276020076.001, r.unit, r.value) for r in found if r.name.endswith(":current")] == [
        (-5, "A", 1.2), (-4, "A", 1.3), (-3, "A", 1.4), (-2, "A", 1.5), (-1, "A", 1.6), (0, "A", 1.7),
    ]  # fmt: skip
    (voltage,) = (r for r in found if r.unit == "V")
    assert (voltage.name, voltage.value) == ("urn:dev:ow:10e2073a0108006:voltage", 120.1)


def test_the_example_in_cbor_says_the_same() -> None:
    assert resolve(read_cbor(bytes.fromhex(CBOR)), NOW_S) == read(*CURRENTS)


@pytest.mark.real_data
@pytest.mark.parametrize("number", range(1, 14))
def test_every_example_of_the_rfc(number: int) -> None:
    folder = real_data("bins/senml")
    found = resolve(read_json((folder / f"ex{number}.json").read_bytes()), NOW_S)
    assert found
    for again in (
        read_json(write_json(pack(found))),
        read_cbor(write_cbor(pack(found))),
        read_cbor(write_cbor(read_json((folder / f"ex{number}.json").read_bytes()))),
    ):
        assert resolve(again, NOW_S) == found
    resolved = folder / f"ex{number}.gen.resolved.json"
    if resolved.is_file():  # of the last there is none; those with times of now have their author's
        wanted = resolve(read_json(resolved.read_bytes()), NOW_S)
        found = tuple(
            r for r in found if not isinstance(r.value, bytes)
        )  # these its author's program left out
        assert {(r.name, r.unit, r.value) for r in wanted} == {(r.name, r.unit, r.value) for r in found}
        absolute = [
            (a, b)
            for a, b in zip(sorted(map(_key, wanted)), sorted(map(_key, found)), strict=True)
            if b[0] != NOW_S
        ]
        assert all(abs(a[0] - b[0]) < 1e-3 for a, b in absolute)


def _key(record: Record) -> tuple[float, str]:
    return record.time_s, record.name


def test_times_below_2_to_the_28_are_relative_to_now() -> None:
    edge = 2**28
    found = read(
        {"n": "a", "v": 1, "t": -3600},
        {"n": "b", "v": 1},
        {"n": "c", "v": 1, "t": edge - 1},
        {"n": "d", "v": 1, "t": edge},
    )
    assert {r.name: r.time_s for r in found} == {
        "a": NOW_S - 3600,
        "b": NOW_S,
        "c": NOW_S + edge - 1,
        "d": edge,
    }
    assert [r.name for r in found] == ["d", "a", "b", "c"]  # in order of time


def test_values_and_sums_of_base_and_record() -> None:
    first, second, third, fourth = read(
        {"bn": "m:", "bv": 100, "bs": 10, "n": "a", "v": 1, "s": 2},
        {"n": "b"},
        {"n": "c", "s": 5},
        {"n": "d", "vs": "on"},
    )
    assert (first.value, first.sum) == (101, 12)
    assert (second.value, second.sum) == (100, 10)
    assert (third.value, third.sum) == (None, 15)
    assert (fourth.value, fourth.sum) == ("on", 10)


def test_a_record_of_base_fields_alone_is_no_measurement() -> None:
    assert [r.name for r in read({"bn": "urn:x:", "bu": "/"}, {"n": "heat", "v": 0})] == ["urn:x:heat"]


def test_all_kinds_of_values_survive_both_ways() -> None:
    records = (
        Record(name="a:t", time_s=NOW_S, unit="Cel", value=-0.5, update_s=60.0),
        Record(name="a:on", time_s=NOW_S, value=False),
        Record(name="a:text", time_s=NOW_S, value="Machine Room"),
        Record(name="a:raw", time_s=NOW_S, value=b"\xff\xfe\x00"),
        Record(name="a:kWh", time_s=NOW_S + 1, unit="J", sum=0.0),
    )
    assert resolve(read_json(write_json(pack(records))), 0.0) == records
    assert resolve(read_cbor(write_cbor(pack(records))), 0.0) == records
    assert pack(()) == []


BAD: list[tuple[Any, str]] = [
    ({"n": "a", "v": 1}, "the pack is no list of records"),
    ([], "the pack is no list of records"),
    ([1], "record 1: it is no object"),
    ([{"n": "a"}], "record 1: it has neither a value (v, vs, vb, vd) nor a sum (s)"),
    ([{"n": "a", "v": 1, "vs": "1"}], "record 1: it has v and vs; a record has one value"),
    ([{"v": 1}], "record 1: the name is ''"),
    ([{"n": ":a", "v": 1}], "record 1: the name is ':a'"),
    ([{"n": "a b", "v": 1}], "record 1: the name is 'a b'"),
    ([{"n": "a\n", "v": 1}], "record 1: the name is"),
    (
        [{"n": "a", "v": 1}, {"n": "b", "v": 1, "secret_": 2}],
        "record 2: secret_ is not known here and must be understood",
    ),
    ([{"bver": 11, "n": "a", "v": 1}], "record 1: bver is 11; versions 1 to 10 are read"),
    ([{"bver": 0, "n": "a", "v": 1}], "record 1: bver is 0"),
    ([{"bver": True, "n": "a", "v": 1}], "record 1: bver is True"),
    (
        [{"bver": 5, "n": "a", "v": 1}, {"bver": 10, "n": "a", "v": 1}],
        "record 2: bver is 10, and 5 before; a pack has one",
    ),
    ([{"n": "a", "v": 1}, {"bver": 5, "n": "a", "v": 1}], "record 2: bver is 5, and 10 before"),
    ([{"n": "a", "v": "1"}], "record 1: v is a text; wanted is a number"),
    ([{"n": "a", "v": True}], "record 1: v is a truth value; wanted is a number"),
    ([{"n": "a", "v": None}], "record 1: v is null; wanted is a number"),
    ([{"n": 1, "v": 1}], "record 1: n is a number; wanted is a text"),
    ([{"n": "a", "vb": 1}], "record 1: vb is a number; wanted is true or false"),
    ([{"n": "a", "vd": "a+/b"}], "record 1: vd is no base64"),
    ([{"n": "a", "vd": 1}], "record 1: vd is a number; wanted are bytes"),
    ([{"n": "a", "v": 10**400}], "record 1: v is no finite number"),
    ([{"n": "a", "bv": 1e308, "v": 1e308}], "record 1: bv + v is no finite number"),
    ([{"n": "a", "bs": 1e308, "s": 1e308}], "record 1: bs + s is no finite number"),
    ([{"n": "a", "bt": -1e308, "t": -1e308, "v": 1}], "record 1: bt + t is no finite number"),
    ([{"n": "a", "v": 1}] * 5001, "the pack has 5001 records; at most 5000 are taken"),
]


@pytest.mark.parametrize(("found", "words"), BAD)
def test_what_breaks_a_rule_is_refused_with_its_place(found: Any, words: str) -> None:
    with pytest.raises(SenmlError) as refused:
        resolve(read_json(json.dumps(found).encode()), NOW_S)
    assert str(refused.value).startswith(words)


@pytest.mark.parametrize(
    "body", [b"", b"[", b"\xff", b"[" * 100_000, b'[{"n":"a","v":NaN}]', b'[{"n":"a","v":1e999}]']
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(SenmlError):
        resolve(read_json(body), NOW_S)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\x81", b"\xff", b"\x81" * 100_000, cbor2.dumps([{0: "a", 2: float("nan")}]), cbor2.dumps([{0: "a", 9: 1, b"x": 1, 2: 1}]),
        cbor2.dumps([{"n": "a", 2: 1}]), cbor2.dumps([{0: "a", True: 1}]),
        cbor2.dumps([{0: "a", 8: "text"}]), bytes.fromhex("81a2006161" + "02c4821b7fffffffffffffff01"),
        cbor2.dumps([{0: "a", 2: 10**400}]), cbor2.dumps([{0: "a", 2: {}}]), bytes.fromhex("81a20061610201") + b"\x00",
    ],
)  # fmt: skip
def test_what_is_no_senml_in_cbor_is_refused(body: bytes) -> None:
    with pytest.raises(SenmlError):
        resolve(read_cbor(body), NOW_S)


def test_decimal_fractions_and_extensions_in_cbor() -> None:
    (one,) = resolve(
        read_cbor(bytes.fromhex("81a3006161" + "02c48221196ab3" + "616c6178")), NOW_S
    )  # tag 4: 27315e-2
    assert one.value == 273.15
    (extended,) = resolve(read_cbor(cbor2.dumps([{0: "a", 99: 1, -7: {}, "more": 1, 2: 1}])), NOW_S)
    assert extended.value == 1.0


def test_the_numbers_of_the_labels() -> None:
    assert sorted(CBOR_LABELS.values()) == list(range(-6, 9))


def test_a_reading_in_units_of_senml_and_back() -> None:
    found = records_of(
        "frog-1:",
        FROG,
        NOW_S,
        {"temperature_c": 0.0, "humidity_pct": 51.5, "pressure_hpa": 1013.2, "battery_v": None},
    )
    assert [(r.name, r.unit, r.value) for r in found] == [
        ("frog-1:temperature_c", "Cel", 0.0), ("frog-1:humidity_pct", "%RH", 51.5), ("frog-1:pressure_hpa", "Pa", 101320.0),
    ]  # fmt: skip
    wind = records_of("w:", weather.KIND, NOW_S, {"wind_direction_deg": 180.0, "cloud_oktas": 8.0})
    assert [(r.unit, r.value) for r in wind] == [("rad", 3.14159), ("", 8.0)]


def test_a_pack_by_times_as_maps_read_it() -> None:
    place = {"bn": "urn:dev:ow:1", "bt": NOW_S, "bu": "%RH", "v": 20.0}
    found = by_time(
        read(
            place,
            {"v": 24.3, "u": "lon"},
            {"v": 60.1, "u": "lat"},
            {"v": 98.0, "u": "%EL", "t": 150},
            {"n": ":s", "s": 1, "t": 150},
        )
    )
    assert found == [
        {
            "time": NOW_S,
            "values": {
                "unit:%RH": {"value": 20.0, "unit": "%RH"},
                "unit:lon": {"value": 24.3, "unit": "deg"},
                "unit:lat": {"value": 60.1, "unit": "deg"},
            },
        },
        {
            "time": NOW_S + 150,
            "values": {name: {"value": 98.0, "unit": "%EL"} for name in ("urn:dev:ow:1", "1", "unit:%EL")},
        },
    ]
