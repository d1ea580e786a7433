"""Which bins each policy takes on the same morning."""

from __future__ import annotations

from datetime import date

import pytest

from rules.core.rounds.model import Candidate, Place
from rules.core.rounds.policies import BinToday, FixedDays, Forecast, Integrated, Policy, Threshold

MONDAY, TUESDAY = date(2026, 6, 15), date(2026, 6, 16)


def bin_(
    name: str, fill_pct: float | None, risk: float, since_days: float | None = 1.0, must: bool = False
) -> BinToday:
    one = Candidate(
        bin_id=name,
        place=Place(52.0, 0.0),
        stream="litter",
        litres=100.0,
        mass_kg=7.0,
        must=False,
        code="full" if must else "",
        p_overflow=risk,
    )
    return BinToday(one, fill_pct, since_days, must, "full since six" if must else "")


BINS = [
    bin_("low", 20.0, 0.0),
    bin_("middling", 50.0, 0.05),
    bin_("quick", 45.0, 0.3),
    bin_("high", 75.0, 0.02),
    bin_("blind", None, 0.08, since_days=5.0),
    bin_("sure", 90.0, 0.995),
    bin_("full", 97.0, 0.9, must=True),
]


def musts(policy: Policy, day: date = MONDAY) -> set[str]:
    return {c.bin_id for c in policy(day, BINS) if c.must}


def test_fixed_days_take_all_or_nothing() -> None:
    policy = FixedDays(frozenset({0, 2, 4}))
    assert musts(policy) == {b.candidate.bin_id for b in BINS}
    assert {c.why for c in policy(MONDAY, BINS)} == {"every Monday"}
    assert policy(TUESDAY, BINS) == []


def test_a_threshold_looks_at_the_level_and_not_for_ever_at_a_blind_bin() -> None:
    assert musts(Threshold(60.0)) == {"high", "blind", "sure", "full"}
    assert musts(Threshold(60.0, blind_days=7.0)) == {"high", "sure", "full"}
    assert next(c for c in Threshold(60.0)(MONDAY, BINS) if c.bin_id == "high").why == "75 % is 60 % or more"


def test_a_forecast_looks_at_what_comes() -> None:
    assert musts(Forecast(0.1)) == {"quick", "sure", "full"}
    assert musts(Forecast(0.01)) == {"middling", "quick", "high", "blind", "sure", "full"}


def test_the_integrated_policy_leaves_the_choice_to_the_way() -> None:
    found = {c.bin_id: c for c in Integrated()(MONDAY, BINS)}
    assert musts(Integrated()) == {"sure", "full"}
    assert set(found) == {"middling", "quick", "high", "blind", "sure", "full"}
    assert (found["quick"].code, found["full"].code, found["full"].why) == ("may", "full", "full since six")
    assert found["quick"].p_overflow == 0.3


def test_values_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="allowed: some of 0"):
        FixedDays(frozenset({7}))
    with pytest.raises(ValueError, match="allowed: 0 to 100"):
        Threshold(120.0)
    with pytest.raises(ValueError, match="alpha is 2"):
        Forecast(2.0)
    with pytest.raises(ValueError, match="must_above is -1"):
        Integrated(-1.0)
