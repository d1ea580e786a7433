from __future__ import annotations

import json

import pytest

from ingest.core.batch import Batch
from ingest.core.reasons import KEPT_BYTES, SENTENCES, Reason
from tests.fakes.ingest_setup import (
    BIN,
    FROG,
    NOW_MS,
    NOW_US,
    channel_topic,
    decoder,
    reading,
    reading_topic,
)

TOPIC = reading_topic("frog-0")


def decode(*messages: tuple[str, bytes]) -> Batch:
    topics, payloads = [t for t, _ in messages], [p for _, p in messages]
    return decoder().decode(topics, payloads, NOW_US)


def one_letter(payload: bytes, topic: str = TOPIC) -> tuple[str, str | None, str]:
    batch = decode((topic, payload))
    assert batch.readings == []
    assert len(batch.dead_letters) == 1
    letter = batch.dead_letters[0]
    assert letter.payload == payload[:KEPT_BYTES]
    assert letter.payload_bytes == len(payload)
    return str(letter.reason), letter.field, letter.sentence


def test_a_good_reading_becomes_columns_and_zero_is_a_value() -> None:
    batch = decode((TOPIC, reading(3, {"temperature_c": 0.0, "humidity_pct": 0.0, "battery_v": -0.0})))
    (frogs,) = batch.readings
    assert batch.dead_letters == []
    assert frogs.values[0, :2].tolist() == [0.0, 0.0]
    assert frogs.seq.tolist() == [3]
    assert frogs.boot.tolist() == [7]
    assert frogs.device_id.tolist() == [1]


def test_text_and_number_times_mean_the_same() -> None:
    as_text = b'{"ts":"2026-11-20T11:00:00Z","boot":1,"seq":1,"temperature_c":1,"humidity_pct":2}'
    as_number = as_text.replace(b'"2026-11-20T11:00:00Z"', str(NOW_MS - 3_600_000).encode())
    offset = as_text.replace(b"11:00:00Z", b"12:00:00+01:00")
    batch = decode((TOPIC, as_text), (TOPIC, as_number), (TOPIC, offset))
    assert batch.readings[0].ts_us.tolist() == [NOW_US - 3_600_000_000] * 3


@pytest.mark.parametrize(
    ("old", "new", "reason", "field"),
    [
        (b"20.5", b"NaN", Reason.NOT_FINITE, "temperature_c"),
        (b"20.5", b"-Infinity", Reason.NOT_FINITE, "temperature_c"),
        (b"20.5", b"1e400", Reason.NOT_FINITE, "temperature_c"),
        (b"20.5", b'"12"', Reason.WRONG_TYPE, "temperature_c"),
        (b"20.5", b"true", Reason.WRONG_TYPE, "temperature_c"),
        (b"20.5", b"null", Reason.MISSING_FIELD, "temperature_c"),
        (b"20.5", b"-127", Reason.SENTINEL, "temperature_c"),
        (b"20.5", b"85.0", Reason.SENTINEL, "temperature_c"),
        (b"20.5", b"60.01", Reason.OUT_OF_RANGE, "temperature_c"),
        (b"55.0", b"100.5", Reason.OUT_OF_RANGE, "humidity_pct"),
        (b'"humidity_pct":55.0', b'"humidity":55.0', Reason.MISSING_FIELD, "humidity_pct"),
        (b'"boot":7', b'"boot":-7', Reason.WRONG_TYPE, "boot"),
        (b'"seq":1', b'"seq":"1"', Reason.WRONG_TYPE, "seq"),
    ],
)
def test_each_bad_value_has_reason_and_field(old: bytes, new: bytes, reason: Reason, field: str) -> None:
    payload = reading(1)
    assert old in payload
    found = one_letter(payload.replace(old, new))
    assert found[:2] == (reason, field)
    assert found[2].startswith(field)


@pytest.mark.parametrize(
    ("ts", "reason"),
    [
        (b"0", Reason.TOO_EARLY),
        (b'"1970-01-01T00:00:10Z"', Reason.TOO_EARLY),
        (str(NOW_MS + 301_000).encode(), Reason.IN_FUTURE),
        (b'"2106-02-07T06:28:15Z"', Reason.IN_FUTURE),
        (str(2**53).encode(), Reason.IN_FUTURE),
        (b'"2026-11-20T11:00:00"', Reason.BAD_TIME),
        (b'"300000-01-01T00:00:00Z"', Reason.BAD_TIME),
        (b'"yesterday"', Reason.BAD_TIME),
        (b"-5", Reason.BAD_TIME),
    ],
)
def test_a_time_outside_its_window_is_set_aside(ts: bytes, reason: Reason) -> None:
    payload = b'{"ts":' + ts + b',"boot":7,"seq":1,"temperature_c":1,"humidity_pct":2}'
    assert one_letter(payload)[:2] == (reason, "ts")


def test_a_year_beyond_the_calendar_is_called_one() -> None:
    _, _, text = one_letter(reading(1).replace(b'"ts":', b'"ts":9007199254740992,"was":'))
    assert "dated the year 287391, in the future" in text


@pytest.mark.parametrize("ts_ms", [NOW_MS + 299_000, NOW_MS])
def test_a_clock_five_minutes_fast_is_accepted(ts_ms: int) -> None:
    payload = b'{"ts":%d,"boot":7,"seq":1,"temperature_c":1,"humidity_pct":2}' % ts_ms
    assert len(decode((TOPIC, payload)).readings[0]) == 1


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"", "empty"),
        (b"{", "truncated"),
        (b"hello", "invalid"),
        (b"\xff\xfe", "not text"),
        (b'"\xff"', "not text"),
    ],
)
def test_what_is_not_json_says_so(payload: bytes, words: str) -> None:
    reason, field, text = one_letter(payload)
    assert (reason, field) == (Reason.NOT_JSON, None)
    assert words in text


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("lights/on", Reason.WRONG_TOPIC),
        ("cityops/v1/00/frog/frog-0/receipt", Reason.WRONG_TOPIC),
        ("cityops/v1/00/frog/frog-0/reading/x", Reason.WRONG_TOPIC),
        ("cityops/v1/00/frog/frog-99/reading", Reason.UNKNOWN_DEVICE),
        ("cityops/v1/01/frog/frog-0/reading", Reason.WRONG_SHARD),
        ("cityops/v1/00/bin/frog-0/reading", Reason.WRONG_KIND),
    ],
)
def test_topic_and_registration_must_agree(topic: str, reason: Reason) -> None:
    assert one_letter(reading(1), topic)[0] == reason


def test_a_device_of_another_name_is_refused_and_its_number_is_not_taken() -> None:
    batch = decode(
        (TOPIC, reading(1)[:-1] + b',"device":"frog-3"}'), (TOPIC, reading(2)[:-1] + b',"device":"frog-0"}')
    )
    assert batch.readings[0].seq.tolist() == [2]
    (letter,) = batch.dead_letters
    assert letter.reason == Reason.WRONG_SENDER
    assert not letter.has_key


def test_a_batch_of_nothing_but_other_devices_names() -> None:
    assert one_letter(reading(1)[:-1] + b',"device":"frog-3"}')[0] == Reason.WRONG_SENDER


def test_one_megabyte_is_set_aside_cut() -> None:
    payload = b'{"x":"' + b"a" * 1_000_000 + b'"}'
    assert one_letter(payload)[0] == Reason.TOO_LARGE


def test_one_bad_reading_of_an_array_costs_only_itself() -> None:
    good = [reading(s) for s in range(4)]
    good[2] = good[2].replace(b"20.5", b'"warm"')
    batch = decode((TOPIC, b"[" + b",".join(good) + b"]"))
    assert batch.readings[0].seq.tolist() == [0, 1, 3]
    (letter,) = batch.dead_letters
    assert (letter.boot, letter.seq, letter.payload) == (7, 2, good[2])


def test_nan_in_an_array_costs_only_its_reading() -> None:
    parts = [reading(0), reading(1).replace(b"20.5", b"NaN"), reading(2, {**FROG, "temperature_c": 99.0})]
    batch = decode((TOPIC, b"[" + b",".join(parts) + b"]"))
    assert batch.readings[0].seq.tolist() == [0]
    assert {(d.reason, d.seq) for d in batch.dead_letters} == {
        (Reason.NOT_FINITE, 1),
        (Reason.OUT_OF_RANGE, 2),
    }


def test_readings_of_an_array_without_numbers_share_one_letter() -> None:
    batch = decode((TOPIC, b"[{},{},{},1]"))
    (letter,) = batch.dead_letters
    assert letter.payload == b"[{},{},{},1]"
    assert "3 more" in letter.sentence


def test_unknown_fields_are_ignored_and_counted() -> None:
    batch = decode((TOPIC, reading(1)[:-1] + b',"radon_bq_m3":12,"co2_ppm":900}'), (TOPIC, reading(2)))
    assert len(batch.readings[0]) == 2
    assert batch.unknown_fields == {"radon_bq_m3": 1, "co2_ppm": 1}


def test_spaces_and_text_with_quotes_are_not_unknown_fields() -> None:
    spaced = reading(1).replace(b":", b" : ").replace(b",", b" ,\n")
    assert decode((TOPIC, spaced)).unknown_fields == {}


def test_one_of_a_group_must_be_there() -> None:
    batch = decode(
        (reading_topic("bin-0"), reading(1, {"temperature_c": 5.0})),
        (reading_topic("bin-0"), reading(2, BIN)),
    )
    assert batch.readings[0].seq.tolist() == [2]
    assert batch.dead_letters[0].sentence == "distance_mm or fill_pct is missing."


def test_a_code_must_be_whole() -> None:
    road = {
        "surface_temperature_c": 0.0,
        "air_temperature_c": 0.0,
        "humidity_pct": 90.0,
        "surface_state": 2.5,
    }
    assert one_letter(reading(1, road), reading_topic("road-0"))[:2] == (Reason.NOT_WHOLE, "surface_state")


def test_a_device_that_counts_nothing_gets_the_servers_numbers() -> None:
    payload = b'{"ts":%d,"temperature_c":1,"humidity_pct":2}' % NOW_MS
    batch = decode((TOPIC, payload))
    day, ms = divmod(NOW_MS, 86_400_000)
    assert (batch.readings[0].boot.tolist(), batch.readings[0].seq.tolist()) == ([-1 - day], [ms])


def test_diary_status_and_reported() -> None:
    entry = b'{"ts":%d,"activity":"shower","boot":7,"seq":9,"note":"hot"}' % NOW_MS
    batch = decode(
        (channel_topic("frog-0", "diary"), entry),
        (channel_topic("frog-0", "status"), b'{"online":true,"boot":7}'),
        (channel_topic("frog-0", "status"), b""),
        (channel_topic("frog-0", "reported"), b'{"version":3,"cadence_s":60}'),
    )
    assert batch.dead_letters == []
    assert [(d.home_id, d.activity, d.seq) for d in batch.diary] == [(1, "shower", 9)]
    assert '"online":true' in batch.statuses[1].status
    assert batch.reported[1].reported == '{"version":3,"cadence_s":60}'


def test_bad_diary_entries_are_set_aside() -> None:
    entry = b'{"ts":%d,"activity":"shower","boot":7,"seq":9}' % NOW_MS
    batch = decode(
        (channel_topic("frog-5", "diary"), entry),
        (channel_topic("frog-0", "diary"), entry.replace(b"shower", b"bath")),
        (channel_topic("frog-0", "diary"), entry.replace(str(NOW_MS).encode(), b"12")),
        (channel_topic("frog-0", "status"), b'{"online":"yes"}'),
        (channel_topic("frog-0", "reported"), b"[]"),
    )
    assert [d.reason for d in batch.dead_letters] == [
        Reason.NO_HOME,
        Reason.WRONG_TYPE,
        Reason.TOO_EARLY,
        Reason.WRONG_TYPE,
        Reason.WRONG_TYPE,
    ]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("clk", 2**15),
        ("clk", -1),
        ("clk", 10**30),
        ("mono_ms", 2**53 + 1),
        ("mono_ms", 2**63),
        ("boot", 2**70),
    ],
)
def test_a_count_that_no_device_can_have_is_set_aside(name: str, number: int) -> None:
    payload = reading(3).replace(b'"boot":7,', b"")[:-1] + f',"{name}":{number}}}'.encode()
    assert one_letter(payload)[:2] == (Reason.WRONG_TYPE, name)


@pytest.mark.parametrize("boot", [-1, 2**63, 2**70])
def test_a_diary_boot_that_no_ledger_holds_is_set_aside(boot: int) -> None:
    payload = b'{"ts":%d,"boot":%d,"seq":1,"activity":"shower"}' % (NOW_MS - 1000, boot)
    assert one_letter(payload, channel_topic("frog-0", "diary"))[:2] == (Reason.WRONG_TYPE, "boot")


NUL = r"\u0000"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (rf"x\{NUL}", rf"x\{NUL}"),
        (rf"x\\{NUL}y", r"x\\y"),
        (NUL, ""),
        (r"\\", r"\\"),
        (rf"\"{NUL}\n", r"\"\n"),
    ],
)
def test_only_a_nul_is_taken_out_of_what_a_device_says_of_itself(written: str, kept: str) -> None:
    """Where the backslash is itself escaped there is no NUL; a cut there would leave no JSON."""
    batch = decode(
        (channel_topic("frog-0", "status"), f'{{"online":true,"firmware":"{written}"}}'.encode()),
        (channel_topic("frog-0", "reported"), f'{{"a":"{written}"}}'.encode()),
    )
    expected = json.loads(f'"{kept}"')
    assert json.loads(batch.statuses[1].status).get("firmware", "") == expected
    assert json.loads(batch.reported[1].reported) == {"a": expected}


def test_every_reason_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Reason)
