from __future__ import annotations

from ingest.core.readings import QUALITY_CLOCK_REPAIRED, QUALITY_CLOCK_SUSPECT
from ingest.core.reasons import Reason
from tests.fakes.ingest_setup import NOW_MS, NOW_US, decoder, reading_topic

TOPIC = reading_topic("frog-0")


def message(seq: int, ts_ms: int, mono_ms: int, clk: int, boot: int = 7) -> bytes:
    return b'{"ts":%d,"boot":%d,"seq":%d,"mono_ms":%d,"clk":%d,"temperature_c":1,"humidity_pct":2}' % (
        ts_ms,
        boot,
        seq,
        mono_ms,
        clk,
    )


def test_1970_is_repaired_once_a_good_time_of_the_boot_is_known() -> None:
    it = decoder()
    started_ms = NOW_MS - 600_000
    batch = it.decode([TOPIC], [message(0, 10_000, 10_000, 0)], NOW_US)
    assert [d.reason for d in batch.dead_letters] == [Reason.TOO_EARLY]
    batch = it.decode(
        [TOPIC] * 2, [message(1, 20_000, 20_000, 0), message(2, started_ms + 30_000, 30_000, 2)], NOW_US
    )
    assert batch.dead_letters == []
    frogs = batch.readings[0]
    assert frogs.ts_us.tolist() == [(started_ms + 20_000) * 1000, (started_ms + 30_000) * 1000]
    assert frogs.quality.tolist() == [QUALITY_CLOCK_REPAIRED, 0]
    later = it.decode([TOPIC], [message(3, 40_000, 40_000, 0)], NOW_US).readings[0]
    assert later.ts_us.tolist() == [(started_ms + 40_000) * 1000]


def test_another_boot_has_another_offset() -> None:
    it = decoder()
    it.decode([TOPIC], [message(0, NOW_MS - 1000, 5_000, 2)], NOW_US)
    batch = it.decode([TOPIC], [message(0, 9_000, 9_000, 0, boot=8)], NOW_US)
    assert [d.reason for d in batch.dead_letters] == [Reason.TOO_EARLY]


def test_a_plausible_time_of_an_unset_clock_is_marked() -> None:
    batch = decoder().decode([TOPIC], [message(0, NOW_MS - 1000, 5_000, 1)], NOW_US)
    assert batch.readings[0].quality.tolist() == [QUALITY_CLOCK_SUSPECT]
    assert batch.readings[0].ts_us.tolist() == [(NOW_MS - 1000) * 1000]


def test_a_repaired_time_must_be_in_the_window_too() -> None:
    it = decoder()
    it.decode([TOPIC], [message(0, NOW_MS - 1000, 5_000, 2)], NOW_US)
    batch = it.decode([TOPIC], [message(1, 9_000, 9_000_000, 0)], NOW_US)
    assert [d.reason for d in batch.dead_letters] == [Reason.IN_FUTURE]


def test_the_same_messages_again_give_the_same_times() -> None:
    it = decoder()
    messages = [message(1, 20_000, 20_000, 0), message(2, NOW_MS - 600_000, 30_000, 2)]
    first = it.decode([TOPIC] * 2, messages, NOW_US).readings[0].ts_us.tolist()
    assert it.decode([TOPIC] * 2, messages, NOW_US).readings[0].ts_us.tolist() == first
