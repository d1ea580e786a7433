from __future__ import annotations

from dataclasses import replace

from devices.contract.messages import Status, encode
from ingest.core.clocks import BootClock
from ingest.core.readings import QUALITY_CLOCK_REPAIRED, QUALITY_CLOCK_SUSPECT
from ingest.core.reasons import Reason
from tests.fakes.ingest_setup import NOW_MS, NOW_US, channel_topic, decoder, known_devices, reading_topic

TOPIC = reading_topic("frog-0")
STATUS = channel_topic("frog-0", "status")


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


def birth(mono_ms: int, clk: int, wall_ms: int | None = None, boot: int = 7, *, online: bool = True) -> bytes:
    told = Status(online=online, boot=boot, clk=clk, wall_ms=wall_ms, mono_ms=mono_ms)
    return encode(told)


def test_a_birth_with_a_set_clock_dates_its_start() -> None:
    """The power was cut, the network was away: 1970 until the clock was set, then the device said so."""
    it = decoder()
    started_ms = NOW_MS - 900_000
    batch = it.decode(
        [STATUS, TOPIC], [birth(800_000, 2, started_ms + 800_000), message(0, 10_000, 10_000, 0)], NOW_US
    )
    assert batch.dead_letters == []
    assert batch.readings[0].ts_us.tolist() == [(started_ms + 10_000) * 1000]
    assert batch.readings[0].quality.tolist() == [QUALITY_CLOCK_REPAIRED]
    assert batch.clocks == {(1, 7): BootClock(started_ms * 1000, "birth", 0)}, "and 1970 is not forgotten"


def test_a_start_whose_clock_was_never_set_is_dated_by_the_arrival_of_its_birth_and_marked() -> None:
    it = decoder()
    batch = it.decode([STATUS, TOPIC], [birth(60_000, 0, 60_000), message(0, 10_000, 10_000, 0)], NOW_US)
    assert batch.dead_letters == []
    assert batch.readings[0].ts_us.tolist() == [(NOW_MS - 50_000) * 1000]
    assert batch.readings[0].quality.tolist() == [QUALITY_CLOCK_REPAIRED | QUALITY_CLOCK_SUSPECT]
    assert batch.clocks[1, 7].learnt == "arrival"
    # One offset per start: a birth that came late, of a later connection, moves nothing.
    later_us = NOW_US + 600_000_000
    it.decode([STATUS], [birth(360_000, 0, 360_000)], later_us)
    again = it.decode([TOPIC], [message(1, 20_000, 20_000, 0)], later_us).readings[0]
    assert again.ts_us.tolist() == [(NOW_MS - 40_000) * 1000]
    # One that came sooner after it was said does: what arrived had happened.
    it.decode([STATUS], [birth(1_000_000, 0, 1_000_000)], later_us)
    third = it.decode([TOPIC], [message(2, 30_000, 30_000, 0)], later_us).readings[0]
    assert third.ts_us.tolist() == [later_us - 970_000_000]


def test_what_was_observed_takes_the_place_of_a_bound_and_keeps_it() -> None:
    it = decoder()
    it.decode([STATUS], [birth(60_000, 0, 60_000)], NOW_US)
    started_ms = NOW_MS - 70_000
    batch = it.decode([TOPIC], [message(0, started_ms + 65_000, 65_000, 2)], NOW_US)
    assert batch.readings[0].quality.tolist() == [0]
    assert batch.clocks[1, 7] == BootClock(started_ms * 1000, "reading", 0)
    it.decode([STATUS], [birth(70_000, 0, 70_000)], NOW_US)
    old = it.decode([TOPIC], [message(1, 5_000, 5_000, 0)], NOW_US).readings[0]
    assert old.ts_us.tolist() == [(started_ms + 5_000) * 1000]
    assert old.quality.tolist() == [QUALITY_CLOCK_REPAIRED]


def test_a_clock_restored_from_a_file_gives_way_to_the_birth() -> None:
    """fake-hwclock: hours behind, and plausible."""
    it = decoder()
    behind_ms = NOW_MS - 5 * 3_600_000
    batch = it.decode(
        [STATUS, TOPIC],
        [birth(60_000, 1, behind_ms + 60_000), message(0, behind_ms + 10_000, 10_000, 1)],
        NOW_US,
    )
    frogs = batch.readings[0]
    assert frogs.ts_us.tolist() == [(NOW_MS - 50_000) * 1000]
    assert frogs.quality.tolist() == [QUALITY_CLOCK_REPAIRED | QUALITY_CLOCK_SUSPECT]
    clock = batch.clocks[1, 7]
    raw_us = frogs.ts_us[0] - clock.offset_us + (clock.said_us or 0)
    assert raw_us == (behind_ms + 10_000) * 1000, "the device's own time can be had again"


def test_a_step_within_a_start_dates_what_came_before_it() -> None:
    it = decoder()
    started_ms = NOW_MS - 3_600_000
    behind_ms = started_ms - 7 * 3_600_000
    batch = it.decode(
        [TOPIC] * 4,
        [
            message(0, behind_ms + 10_000, 10_000, 1),
            message(1, behind_ms + 20_000, 20_000, 1),
            message(2, started_ms + 30_000, 30_000, 2),
            message(3, started_ms + 40_000, 40_000, 2),
        ],
        NOW_US,
    )
    frogs = batch.readings[0]
    assert frogs.ts_us.tolist() == [(started_ms + s * 10_000) * 1000 for s in (1, 2, 3, 4)]
    assert frogs.quality.tolist() == [QUALITY_CLOCK_REPAIRED] * 2 + [0, 0]
    assert batch.clocks == {(1, 7): BootClock(started_ms * 1000, "reading", behind_ms * 1000)}


def test_a_start_without_a_network_ended_before_the_next_began() -> None:
    it = decoder()
    second_ms = NOW_MS - 600_000
    batch = it.decode(
        [STATUS, TOPIC, TOPIC],
        [
            birth(500_000, 2, second_ms + 500_000, boot=8),
            message(10, 3_600_000, 3_600_000, 0, boot=7),
            message(9, 3_300_000, 3_300_000, 0, boot=7),
        ],
        NOW_US,
    )
    assert batch.dead_letters == []
    assert batch.readings[0].ts_us.tolist() == [second_ms * 1000, (second_ms - 300_000) * 1000]
    assert set(batch.readings[0].quality.tolist()) == {QUALITY_CLOCK_REPAIRED | QUALITY_CLOCK_SUSPECT}
    third = it.decode([TOPIC], [message(8, 3_000_000, 3_000_000, 0, boot=7)], NOW_US).readings[0]
    assert third.ts_us.tolist() == [(second_ms - 600_000) * 1000], "all of the start by one offset"


def test_two_starts_in_turn_keep_an_offset_each() -> None:
    """A backlog comes newest first one in two: readings of both starts alternate."""
    it = decoder()
    old_ms, new_ms = NOW_MS - 7_200_000, NOW_MS - 600_000
    messages = []
    for seq in range(3):
        messages += [
            message(seq, new_ms + seq * 1000, seq * 1000, 2, boot=8),
            message(seq, old_ms + seq * 1000, seq * 1000, 2, boot=7),
        ]
    batch = it.decode([TOPIC] * 6, messages, NOW_US)
    assert batch.clocks == {(1, 7): BootClock(old_ms * 1000), (1, 8): BootClock(new_ms * 1000)}
    rest = it.decode([TOPIC] * 2, [message(9, 9_000, 9_000, 0, 7), message(9, 9_000, 9_000, 0, 8)], NOW_US)
    assert rest.readings[0].ts_us.tolist() == [(old_ms + 9_000) * 1000, (new_ms + 9_000) * 1000]


def test_a_birth_that_says_nothing_of_clocks_dates_nothing() -> None:
    it = decoder()
    for said in (birth(5_000, 2, online=False, wall_ms=NOW_MS), encode(Status(online=True, boot=7)), b""):
        assert it.decode([STATUS], [said], NOW_US).clocks == {}
    impossible = it.decode([STATUS], [birth(5_000, 2, NOW_MS + 86_400_000)], NOW_US).clocks
    assert impossible[1, 7].learnt == "arrival", "a set clock that is a day ahead is not believed"


def test_a_new_ingester_knows_what_was_stored() -> None:
    it = decoder()
    started_us = NOW_US - 600_000_000
    it.know_clocks([replace(known_devices()[0], clock=(7, started_us, "reading"))])
    batch = it.decode([TOPIC], [message(0, 10_000, 10_000, 0)], NOW_US)
    assert batch.readings[0].ts_us.tolist() == [started_us + 10_000_000]
    assert batch.readings[0].quality.tolist() == [QUALITY_CLOCK_REPAIRED]
    assert it.decode([TOPIC], [message(1, 10_000, 10_000, 0, boot=9)], NOW_US).dead_letters != []
