"""The level of a bin: echoes, geometry, odd readings, conditions, uncertainty. Reference values of docs/bins-level.md."""

from __future__ import annotations

import msgspec
import pytest

from bench.bins.runs import SITE, P
from devices.registry import BinModel
from rules.core.bin_emptying.detect import Seen
from rules.core.bin_level import kalman
from rules.core.bin_level.condition import condition_of
from rules.core.bin_level.geometry import (
    compensated_mm,
    echo_mm,
    fill_pct,
    litres,
    measured_pct,
    shape_of,
    speed_of_sound_m_s,
    volume_share,
)
from rules.core.bin_level.hampel import is_odd
from rules.core.bin_level.parameters import FilterParameters
from rules.core.bin_level.state import Fills
from tests.fakes.bin_runs import levels, run

HALF_HOUR = 1800.0
OWN = shape_of(SITE, None, P.filter)
REF_C = P.filter.reference_c


def condition(f: Fills, at_s: float) -> str:
    return condition_of(f, at_s, False, P.filter)


@pytest.mark.parametrize("mm", [None, 0.0, 20.0, 65535.0, 30.0, 29.0, 1100.1])
def test_faulty_echoes_are_missing_never_empty(mm: float | None) -> None:
    assert echo_mm(mm, OWN) is None
    if mm is not None:  # nor does what the device makes of such an echo count
        assert measured_pct(mm, 0.0, None, OWN, REF_C) is None


def test_a_distance_is_a_fill_of_the_usable_height() -> None:
    found = [fill_pct(mm, OWN) for mm in (1000.0, 600.0, 200.0, 150.0, 1050.0)]
    assert found == [0.0, 50.0, 100.0, 100.0, 0.0]
    assert measured_pct(None, 40.0, None, OWN, REF_C) == 40.0
    assert (
        measured_pct(600.0, 40.0, None, OWN, REF_C) == 50.0
    )  # the echo is nearer to the truth than what is made of it


def test_the_speed_of_sound() -> None:
    assert speed_of_sound_m_s(0.0) == pytest.approx(331.3)
    assert speed_of_sound_m_s(20.0) == pytest.approx(343.2, abs=0.1)
    per_degree = speed_of_sound_m_s(21.0) / speed_of_sound_m_s(20.0) - 1.0
    assert per_degree == pytest.approx(0.0017, abs=0.00005)
    plain = shape_of(SITE, BinModel(model_id="m", device_compensates=False), P.filter)
    assert compensated_mm(1000.0, 0.0, plain, REF_C) == pytest.approx(965.3, abs=0.1)
    assert compensated_mm(1000.0, REF_C, plain, REF_C) == 1000.0
    assert compensated_mm(1000.0, 0.0, OWN, REF_C) == 1000.0  # the device has done it
    assert compensated_mm(1000.0, None, plain, REF_C) == 1000.0


def test_a_model_counts_before_the_bin_s_own_distances() -> None:
    model = BinModel(
        model_id="m",
        empty_distance_mm=1500.0,
        full_distance_mm=300.0,
        blind_mm=250.0,
        sentinels_mm=(999.0,),
        capacity_l=1100.0,
    )
    shape = shape_of(SITE, model, P.filter)
    assert (shape.empty_mm, shape.full_mm, shape.capacity_l) == (1500.0, 300.0, 1100.0)
    assert [echo_mm(mm, shape) for mm in (250.0, 999.0, 0.0, 1650.0)] == [None, None, None, 1650.0]
    assert shape.noise_pct == pytest.approx(100.0 * P.filter.noise_mm / 1200.0)


def test_litres_follow_the_profile() -> None:
    cone = ((0.5, 0.35), (0.8, 0.72))
    assert volume_share(0.5, ()) == 0.5
    assert [volume_share(h, cone) for h in (0.0, 0.25, 0.5, 0.8, 0.9, 1.0)] == pytest.approx(
        [0.0, 0.175, 0.35, 0.72, 0.86, 1.0]
    )
    shape = shape_of(SITE, BinModel(model_id="m", profile=cone, capacity_l=200.0), P.filter)
    assert litres(50.0, shape) == pytest.approx(70.0)


def test_one_odd_reading_is_left_out_and_two_that_agree_are_believed() -> None:
    assert levels(40, 41, 42, 75)[0].fill_pct == pytest.approx(41.5, abs=1.0)
    assert levels(40, 41, 42, 75, 43)[0].fill_pct == pytest.approx(42.7, abs=1.0)
    assert levels(40, 41, 42, 75, 76)[0].fill_pct == pytest.approx(75.5, abs=1.0)
    steady = [(0.0, 40.0), (1.0, 41.0), (2.0, 40.5), (3.0, 40.0), (4.0, 41.0), (5.0, 40.5)]
    assert not is_odd(steady, 42.0, 3.0, 2.5)
    assert is_odd(steady, 44.0, 3.0, 2.5)
    assert not is_odd(steady[:2], 80.0, 3.0, 2.5)


def test_litter_settles_and_the_level_follows() -> None:
    f, found = levels(*(80.0 - 1.0 * k for k in range(24)))
    assert f.fill_pct == pytest.approx(57.0, abs=1.5)
    assert found == []


def test_the_level_is_less_sure_by_day_and_after_a_gap() -> None:
    known = kalman.begun(0.0, 50.0, 1.0, P.filter)
    noon, midnight = (
        kalman.predicted(msgspec.structs.replace(known, at_s=h * 3600.0), h * 3600.0 + 1800.0, 0.0, P.filter)
        for h in (12, 0)
    )
    assert noon.level_var > midnight.level_var > known.level_var
    assert kalman.predicted(known, 86_400.0, 0.0, P.filter).level_var > noon.level_var
    assert kalman.sd_pct(known, 1.25) == 1.25
    east = kalman.predicted(msgspec.structs.replace(known, at_s=0.0), 1800.0, 12 * 3600.0, P.filter)
    assert east.level_var == pytest.approx(noon.level_var)  # noon by the sun


def test_no_echo_for_long_is_a_condition_and_the_level_stays() -> None:
    f, _ = levels(40, 41, None, None, None, None)
    assert condition(f, 5 * 1800.0) == "no_echo"
    assert f.fill_pct == pytest.approx(40.6, abs=0.6)
    assert condition(levels(40, 41, None, None, None)[0], 4 * 1800.0) == "ok"
    assert condition(levels(40, 41, None, None, None, None, 42)[0], 6 * 1800.0) == "ok"


def test_something_in_the_way_is_not_full() -> None:
    """The published case: a pizza box jammed under the sensor of a bin that was a quarter full."""
    f, found = levels(24, 25, 26, 26, 100, 100, 100, 100)
    assert f.fill_pct == pytest.approx(26.0, abs=1.0)
    assert condition(f, 7 * 1800.0) == "blocked"
    assert condition(levels(24, 25, 26, 26, 100, 100)[0], 5 * 1800.0) == "ok"  # not yet
    free, found = levels(24, 25, 26, 26, 100, 100, 100, 100, 100, 27, 28, 28)
    assert condition(free, 11 * 1800.0) == "ok"
    assert free.fill_pct == pytest.approx(28.0, abs=1.5)
    assert found == []


def test_a_bin_that_fills_is_full_not_blocked() -> None:
    f, _ = levels(60, 66, 72, 79, 86, 92, 98, 100, 100, 100)
    assert condition(f, 9 * 1800.0) == "ok"
    assert f.fill_pct == pytest.approx(100.0, abs=1.0)


def test_a_tilted_bin_says_nothing_of_its_fill_from_the_first_report_on() -> None:
    upright = [Seen(1800.0 * k, 50.0, tilt_deg=2.0) for k in range(5)]
    fallen = [Seen(9000.0 + 1800.0 * k, 3.0, tilt_deg=85.0) for k in range(4)]
    f, found = run([*upright, *fallen])
    assert condition(f, 9000.0 + 3 * 1800.0) == "tilted"
    assert condition(run([*upright, fallen[0]])[0], 9000.0) == "ok"  # one report is not two
    assert f.fill_pct == pytest.approx(50.0, abs=0.5)
    spilled = [Seen(20_000.0 + 1800.0 * k, 4.0, tilt_deg=1.0) for k in range(6)]
    f, found = run([*upright, *fallen, *spilled])
    assert found == []  # spilled, not emptied
    assert f.fill_pct == pytest.approx(4.0, abs=0.5)
    assert condition(f, 30_000.0) == "ok"


def test_a_lost_message_that_a_bin_stands_again_silences_it_for_a_day_at_most() -> None:
    seen = [Seen(0.0, 50.0, tilt_deg=2.0), Seen(HALF_HOUR, None, tilt_deg=85.0)]
    seen += [Seen(HALF_HOUR * k, 60.0) for k in range(2, 60)]
    assert run(seen[:40])[0].fill_pct == 50.0
    assert run(seen)[0].fill_pct == pytest.approx(60.0, abs=0.5)


def test_nothing_but_full_or_empty_for_a_week_is_a_stuck_sensor() -> None:
    for fill in (100.0, 0.0):
        f, _ = levels(*[fill] * 9, every_s=86_400.0)
        assert condition(f, 8 * 86_400.0) == "stuck"
        assert condition(f, 7 * 86_400.0) == "ok"
    assert condition(levels(*[100.0] * 8, 97.0, every_s=86_400.0)[0], 8 * 86_400.0) == "ok"
    assert condition_of(levels(50, 51)[0], 1800.0, True, P.filter) == "stuck"  # as data quality has found


def test_a_catalogue_from_before_is_still_one() -> None:
    old = {
        "blind_mm": 30.0, "sentinels_mm": [0.0], "beyond_empty_share": 0.1, "device_compensates": True,
        "reference_c": 20.0, "noise_mm": 10.0, "tilt_deg": 30.0,
    }  # fmt: skip
    assert msgspec.convert(old, FilterParameters).gate_sd == P.filter.gate_sd


def test_a_day_that_ends_before_it_begins_is_refused() -> None:
    """Its share of the hours would be less than none, and what is known of a level less than nothing."""
    with pytest.raises(msgspec.ValidationError, match="day_from_h 22 is after day_to_h 6"):
        msgspec.convert(
            {**msgspec.to_builtins(P.filter), "day_from_h": 22.0, "day_to_h": 6.0}, FilterParameters
        )
