"""Native decoders against the makers' examples, and against what their published decoders have wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.core.lorawan.decoded import Decoded, DecodeError
from ingest.core.lorawan.native.catalogue import NATIVE, decode
from tests.fakes.real_data import real_data


def one(name: str, text: str, port: int, **installation: Any) -> dict[str, float]:
    """The fields of the only reading."""
    decoded = decode(name, bytes.fromhex(text), port, installation)
    assert len(decoded.samples) == 1
    return dict(decoded.samples[0].fields)


def test_milesight_em310() -> None:
    """TheThingsNetwork/lorawan-devices, em310-udl; Milesight's SensorDecoders."""
    text = "01755C 03824408 040001"
    assert one("milesight-distance", text, 85) == {"battery_pct": 92.0, "distance_mm": 2116.0}
    assert decode("milesight-distance", bytes.fromhex(text), 85, {}).facts == {"position": "tilt"}


def test_milesight_em400() -> None:
    found = one("milesight-distance", "01755C 03670101 04824408 050001", 85)
    assert found == {"battery_pct": 92.0, "temperature_c": 25.7, "distance_mm": 2116.0}


def test_milesight_em400_alarm() -> None:
    decoded = decode("milesight-distance", bytes.fromhex("8367E80001 8482410601"), 85, {})
    assert decoded.samples[0].fields == {"temperature_c": 23.2, "distance_mm": 1601.0}
    assert decoded.facts == {"temperature_alarm": True, "distance_alarm": "threshold"}


@pytest.mark.parametrize(
    ("text", "meaning"),
    [("B482FFFF02", "no target"), ("B482000001", "blind zone"), ("B482FFFF03", "sensor fault")],
)
def test_milesight_em410_with_nothing_to_measure(text: str, meaning: str) -> None:
    """Never 0 %, never 65 m: what was not measured is not there, with why."""
    decoded = decode("milesight-distance", bytes.fromhex("01755C 03670101 04820000" + text), 85, {})
    assert decoded.samples[0].fields == {"battery_pct": 92.0, "temperature_c": 25.7}
    assert meaning in decoded.not_measured["distance_mm"]


def test_milesight_em410_jump_and_history() -> None:
    jump = decode("milesight-distance", bytes.fromhex("9482 E803 0CFE 02"), 85, {})
    assert jump.samples[0].fields == {"distance_mm": 1000.0}
    assert jump.facts == {"distance_jump_mm": -500, "distance_alarm": "jump"}
    history = decode("milesight-distance", bytes.fromhex("20CE 00F15365 E803 F6FF 0000 00"), 85, {})
    [sample] = history.samples
    assert sample.fields == {"distance_mm": 1000.0, "temperature_c": -1.0}
    assert sample.at == datetime.fromtimestamp(0x6553F100, UTC)


def test_milesight_below_zero() -> None:
    """0xFFF6 is -1.0 °C: signed."""
    assert one("milesight-distance", "0367F6FF 0482E803", 85)["temperature_c"] == -1.0
    assert one("milesight-em500-pt100", "0367F6FF", 85) == {"surface_temperature_c": -1.0}


def test_milesight_stops_at_what_it_does_not_know() -> None:
    decoded = decode("milesight-distance", bytes.fromhex("0482E803 AA01 0482FFFF"), 85, {})
    assert decoded.samples[0].fields == {"distance_mm": 1000.0}
    assert decoded.facts == {"unread": "aa010482ffff"}
    with pytest.raises(DecodeError, match="channel aa type 01"):
        decode("milesight-distance", bytes.fromhex("AA01"), 85, {})


def test_dingtek_df702() -> None:
    found = one("dingtek-df702", "800001011107D000190000000000000081", 3)
    assert found == {"distance_mm": 2000.0, "temperature_c": 25.0, "tilt_deg": 0.0}


def test_dingtek_df702_with_a_place() -> None:
    decoded = decode(
        "dingtek-df702", bytes.fromhex("800001011907d001cd03e942ef272042190000000000000081"), 3, {}
    )
    assert decoded.samples[0].fields == {"distance_mm": 2000.0, "temperature_c": 25.0, "tilt_deg": 0.0}
    # The published decoder divides the mantissa by 2^23 - 1: 7 m off. IEEE 754 says 2^23.
    assert decoded.facts["longitude_deg"] == pytest.approx(116.50743, abs=1e-5)
    assert decoded.facts["latitude_deg"] == pytest.approx(40.038999, abs=1e-5)


def test_dingtek_df702_cold_and_leaning_the_other_way() -> None:
    """Its published decoder reads -2 °C as 254 °C, a fire, and loses the sign of the angle."""
    decoded = decode("dingtek-df702", bytes.fromhex("800001011107D000FE012D000000000081"), 3, {})
    assert decoded.samples[0].fields == {"distance_mm": 2000.0, "temperature_c": -2.0, "tilt_deg": 45.0}
    assert decoded.facts["angle_deg"] == -45


def test_dingtek_df702_alarms() -> None:
    facts = decode("dingtek-df702", bytes.fromhex("800001021107D000500000 11 10 00000081"), 3, {}).facts
    assert facts["full_alarm"] is facts["fire_alarm"] is facts["tilt_alarm"] is True
    assert facts["battery_alarm"] is False


def test_dingtek_df702_answer_to_a_setting_is_no_reading() -> None:
    decoded = decode(
        "dingtek-df702", bytes.fromhex("8000010319010418011e4b1e00000000000000000000000081"), 3, {}
    )
    assert decoded.samples == ()
    assert decoded.facts == {
        "reporting_interval_s": 86400, "detection_interval_s": 60, "full_alarm_mm": 300, "fire_alarm_c": 75, "tilt_alarm_deg": 30,
        "tilt_alarm_on": False, "range_mm": 2000,
    }  # fmt: skip


def test_dragino_ldds75() -> None:
    """The distance, not the battery's millivolts as its published decoder has it."""
    assert one("dragino-ldds75", "0D3B0AEF00000001", 2) == {"battery_v": 3.387, "distance_mm": 2799.0}


def test_dragino_ldds75_of_four_bytes() -> None:
    assert one("dragino-ldds75", "0e1c0b05", 2) == {"battery_v": 3.612, "distance_mm": 2821.0}


def test_dragino_probe_counts_where_there_is_one() -> None:
    assert one("dragino-ldds75", "0D3B0AEF00000001", 2, ds18b20=True)["temperature_c"] == 0.0
    assert one("dragino-ldds75", "0D3B0AEF00FF9C01", 2)["temperature_c"] == -10.0


@pytest.mark.parametrize("text", ["0D3B000000000001", "0D3B001400000001", "0D3B0AEF00000000"])
def test_dragino_sentinels_are_nothing(text: str) -> None:
    """0 no sensor, 20 invalid, the flag that none was found."""
    decoded = decode("dragino-ldds75", bytes.fromhex(text), 2, {})
    assert decoded.samples == ()
    assert "distance_mm" in decoded.not_measured


def test_decentlab_winter_road() -> None:
    found = one("decentlab-dl-wrm", "021A10000764A079B104F904C40C60", 1)
    assert found["air_temperature_c"] == pytest.approx(23.78767, abs=1e-5)
    assert found["humidity_pct"] == pytest.approx(47.53643, abs=1e-5)
    assert found["surface_temperature_c"] == pytest.approx(27.3)
    assert found["battery_v"] == pytest.approx(3.168)


def test_decentlab_battery_alone_is_no_reading() -> None:
    decoded = decode("decentlab-dl-wrm", bytes.fromhex("021a1000040c60"), 1, {})
    assert decoded.samples == ()
    assert decoded.facts == {"battery_v": 3.168}


def test_decentlab_infrared_and_probe() -> None:
    assert one("decentlab-dl-itst", "0202D9000304F904C40C54", 1) == {
        "surface_temperature_c": 27.3,
        "battery_v": 3.156,
    }
    assert one("decentlab-dl-ds18", "02023D0003815E0C15", 1) == {
        "surface_temperature_c": 21.875,
        "battery_v": 3.093,
    }
    below = one("decentlab-dl-ds18", "02023D0003815E0C15", 1, measures="subsurface_temperature_c")
    assert below["subsurface_temperature_c"] == 21.875
    assert one("decentlab-dl-itst", "0202D9000303DE03E80C54", 1)["surface_temperature_c"] == -1.0


def test_decentlab_probe_faults_are_nothing() -> None:
    """85.0 °C is a DS18B20 that was just switched on."""
    decoded = decode("decentlab-dl-ds18", bytes.fromhex("02023D000385500C15"), 1, {})
    assert decoded.samples == ()
    assert "85" in decoded.not_measured["surface_temperature_c"]


@pytest.mark.parametrize(
    ("name", "text", "port", "why"),
    [
        ("decentlab-dl-wrm", "03", 1, "protocol 3"),
        ("decentlab-dl-wrm", "021A10000764A0", 1, "wants 2 bytes"),
        ("decentlab-dl-itst", "0202D9000704F904C40C54", 1, "2 sensors"),
        ("dragino-ldds75", "0D3B", 2, "8"),
        ("dragino-ldds75", "0D3B0AEF00000001", 42, "port 42"),
        ("dingtek-df702", "00" * 17, 3, "begins with 80"),
        ("dingtek-df702", "80", 3, "17"),
        ("milesight-distance", "", 85, "empty"),
        ("nothing", "", 85, "there is no decoder"),
    ],
)
def test_what_is_none_is_said(name: str, text: str, port: int, why: str) -> None:
    with pytest.raises(DecodeError, match=why):
        decode(name, bytes.fromhex(text), port, {})


@pytest.mark.real_data
def test_every_published_vector_of_these_models() -> None:
    """Of the device repository and the makers' manuals; the exclusions are named, with what is wrong."""
    wrong = {
        ("ldds75", "0e1c0b05"): "says that there is no sensor for its own example",
        ("ldds20", "0e1c0b05"): "likewise",
    }
    codecs = {
        "df702": "dingtek-df702",
        "dl-wrm": "decentlab-dl-wrm",
        "dl-itst": "decentlab-dl-itst",
        "ldds75-114": "dragino-ldds75",
    }
    seen = 0
    for line in real_data("bins/lorawan_codec_vectors.jsonl").read_text().splitlines():
        vector = json.loads(line)
        name = codecs.get(vector["model"])
        if name is None or (vector["model"], vector["hex"]) in wrong:
            continue
        seen += 1
        payload = bytes.fromhex(vector["hex"])
        if vector["errors"]:
            with pytest.raises(DecodeError):
                decode(name, payload, vector["fPort"], {})
            continue
        agrees(name, decode(name, payload, vector["fPort"], {"ds18b20": True}), vector["data"])
    assert seen == 9


@pytest.mark.real_data
def test_the_makers_own_vectors() -> None:
    codecs = {
        "em310-udl": "milesight-distance", "em400-tld": "milesight-distance", "em400-tld/em400-mud (alarm)": "milesight-distance",
        "em400-tld NB-IoT sensor part": "milesight-distance", "em500-pt100": "milesight-em500-pt100",
        "ldds45 (same 8-byte layout as ldds75 v1.1.4/dds75-lb)": "dragino-ldds75",
    }  # fmt: skip
    vectors = json.loads(real_data("bins/extra_bin_road_vectors.json").read_text())
    ours = [v for v in vectors if v["model"] in codecs]
    assert len(ours) == 7
    for vector in ours:
        name = codecs[vector["model"]]
        decoded = decode(name, bytes.fromhex(vector["hex"]), vector["fPort"] or 85, {"ds18b20": True})
        data = vector["data"]
        same = {"battery": "battery_pct", "temperature": "temperature_c", "distance_mm": "distance_mm", "battery_v": "battery_v", "ds18b20_c": "temperature_c"}  # fmt: skip
        if name == "milesight-em500-pt100":
            same["temperature"] = "surface_temperature_c"
        for theirs, field in same.items():
            if theirs in data:
                assert decoded.samples[0].fields[field] == data[theirs]
        assert decoded.facts.get("position") == data.get("tilt", data.get("position"))


def agrees(name: str, decoded: Decoded, data: dict[str, Any]) -> None:
    """Compare with a vector's values, whatever its names."""
    fields = dict(decoded.samples[0].fields) if decoded.samples else {}
    if name == "dingtek-df702" and "level" in data:
        assert f"{fields['distance_mm']:g} mm" == data["level"]
        assert f"{fields['temperature_c']:g} ℃" == data["temperature"]
        assert (decoded.facts["full_alarm"], decoded.facts["tilt_alarm"]) == (data["full"], data["tilt"])
    elif name == "dingtek-df702":
        assert f"{decoded.facts['reporting_interval_s'] // 3600} hours" == data["periodic_interval"]
        assert f"{decoded.facts['full_alarm_mm'] // 10} cm" == data["full_alarm_threshold"]
    elif name == "dragino-ldds75":
        assert (fields["battery_v"], f"{fields['distance_mm']:g} mm") == (data["Bat"], data["Distance"])
    else:
        pairs = {
            "air_humidity": "humidity_pct", "air_temperature": "air_temperature_c", "surface_temperature": "surface_temperature_c",
            "temperature_target": "surface_temperature_c",
        }  # fmt: skip
        for theirs, field in pairs.items():
            if theirs in data:
                assert fields[field] == pytest.approx(data[theirs]["value"], rel=1e-9)
        battery = fields.get("battery_v", decoded.facts.get("battery_v"))
        assert battery == pytest.approx(data["battery_voltage"]["value"])


def test_every_decoder_has_a_kind_that_is_there() -> None:
    from devices.contract.kind import discover

    assert {native.kind for native in NATIVE.values()} <= set(discover())
