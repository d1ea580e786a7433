"""What a plough takes away counts no more: behind it only what was spread behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from msgspec.structs import replace as with_

from rules.catalogue.loader import load
from rules.core.coat import Coat, coat
from rules.core.treatment import Pass
from rules.core.worn import Wear, counted

P = load().gritting.parameters
HOUR = 3600.0
SNOW = Wear("s0", "snow", plough=True, lasts=False)


def spread(hours: float, g_m2: float) -> Pass:
    return Pass(hours * HOUR, g_m2, 0.0, 1.0, "gritter-0", hours * HOUR - 60.0, hours * HOUR, 0.0)


def behind(*passes: Pass, ploughed_h: float) -> Mapping[str, Coat]:
    found = coat(passes, 0.0, P.treatment)
    return counted({"s0": found}, [SNOW], ploughed_h * HOUR, found.at_s, P)


def test_salt_from_before_the_plough_does_not_fill_up_what_was_spread_behind_it() -> None:
    salted = coat([spread(0.0, 20.0), spread(8.0, 12.0)], 0.0, P.treatment)
    assert salted.g_m2 > 12.5
    found = behind(spread(0.0, 20.0), spread(8.0, 12.0), ploughed_h=4.0)["s0"]
    assert found.g_m2 == 12.0
    alone = coat([spread(8.0, 12.0)], 0.0, P.treatment)
    for hours in (8.0, 11.0, 23.0):
        assert found.left_g_m2(hours * HOUR, 1.0) == pytest.approx(alone.left_g_m2(hours * HOUR, 1.0))


def test_of_a_treatment_that_began_before_the_plough_only_its_last_pass_counts() -> None:
    found = behind(spread(3.2, 16.0), spread(5.1, 12.0), ploughed_h=4.0)["s0"]
    assert found.g_m2 == 12.0
    two = behind(spread(4.2, 18.0), spread(5.1, 18.0), ploughed_h=4.0)["s0"]
    assert two.g_m2 > 28.0, "both passes are behind it"


@pytest.mark.parametrize("old_g_m2", [0.0, 5.0, 40.0])
def test_salt_under_the_snow_makes_what_is_spread_behind_the_plough_worth_no_more(old_g_m2: float) -> None:
    old = [spread(1.0, old_g_m2)] if old_g_m2 > 0.0 else []
    alone = coat([spread(6.0, 20.0), spread(7.9, 20.0)], 0.0, P.treatment)
    found = behind(*old, spread(6.0, 20.0), spread(7.9, 20.0), ploughed_h=4.0)
    for here in found.values():
        assert here.g_m2 <= alone.g_m2 + 1e-6
        assert here.left_g_m2(10.0 * HOUR) <= alone.left_g_m2(10.0 * HOUR) + 0.1


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.7])
def test_a_part_that_is_salted_again_makes_nothing_of_the_others_new(share: float) -> None:
    """Most of the stretch was salted before the plough only, which took that."""
    again = with_(spread(5.0, 20.0), high=share)
    assert behind(spread(1.0, 20.0), again, ploughed_h=4.0) == {}
    salted = coat([spread(1.0, 20.0), again], 0.0, P.treatment)
    assert (salted.at_s, salted.last_s) == (1.0 * HOUR, 5.0 * HOUR)


def test_passes_all_night_are_no_one_treatment() -> None:
    """Told is what was spread within two hours of the first pass, not in a chain of them."""
    whole = coat([spread(1.9 * n, 20.0) for n in range(8)], 0.0, P.treatment)
    assert whole.spread_g_m2 is not None
    assert whole.spread_g_m2 <= 40.0


def test_salt_before_the_plough_only_is_gone() -> None:
    assert behind(spread(0.0, 20.0), ploughed_h=4.0) == {}


def test_without_a_plough_what_lies_there_stays() -> None:
    found = coat([spread(0.0, 20.0), spread(8.0, 12.0)], 0.0, P.treatment)
    left = Wear("s0", "snow", plough=False, lasts=False)
    assert counted({"s0": found}, [left], None, found.at_s, P) == {"s0": found}
    assert replace(found, parts=()).left_g_m2(found.at_s) == pytest.approx(found.g_m2)
