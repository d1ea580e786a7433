"""A weather forecast as a value: what it takes and refuses, and what derives from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.core.weather_forecast import COLUMNS, LIMITS, ForecastError, Place, rows
from tests.fakes.weather_forecasts import HOURS, T, forecast

HOUR_S = 3600.0


def test_what_derives_from_it() -> None:
    made = forecast(dew_point_c=np.array([2.0, np.nan, 0.0, -1.0, -2.0, -3.0]))
    assert list(made.leads_h()) == [0, 1, 2, 3, 4, 5]
    humidity = made.humidity_pct()
    assert humidity[0] == pytest.approx(100.0)
    assert np.isnan(humidity[1])
    assert humidity[2:] == pytest.approx(100.0)
    assert made.missing() == {"dew_point_c": 1, "shortwave_w_m2": HOURS, "longwave_w_m2": HOURS}
    at_s, row = list(rows(made))[1]
    assert (at_s, row["air_c"], row["dew_point_c"], row["longwave_w_m2"]) == (T + HOUR_S, 1.0, None, None)


def test_arrays_are_its_own_and_frozen() -> None:
    air = np.full(HOURS, 1.0)
    made = forecast(air_c=air, dew_point_c=air - 1.0)
    air[0] = 40.0
    assert made.air_c[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        made.air_c[0] = 2.0


def test_times_are_rounded_to_the_second() -> None:
    made = forecast(issued_s=T + 0.4, at_s=T + 0.3 + HOUR_S * np.arange(HOURS) + 0.01)
    assert made.issued_s == T
    assert list(made.at_s) == [T + HOUR_S * i for i in range(HOURS)]


@pytest.mark.parametrize(
    "change",
    [
        {"air_c": np.array([2.0, 1.0, 0.0, -1.0, -2.0, -3.1])},
        {"source": "other"},
        {"issued_s": T + 1.0},
        {"place": Place("Ourtown", 52.118, -1.052, 86.0)},
        {"longwave_w_m2": np.full(HOURS, 250.0)},
    ],
)
def test_the_digest_is_of_all_that_it_says(change: dict[str, Any]) -> None:
    assert forecast().digest == forecast().digest
    assert forecast(**change).digest != forecast().digest


def test_minus_zero_and_nan_of_any_kind_are_one() -> None:
    plus, minus = np.zeros(HOURS), -np.zeros(HOURS)
    assert forecast(cloud=plus).digest == forecast(cloud=minus).digest
    other_nan = np.frombuffer(b"\x01\x00\x00\x00\x00\x00\xf8\xff" * HOURS, dtype=np.float64)
    assert forecast(cloud=np.full(HOURS, np.nan)).digest == forecast(cloud=other_nan).digest


def edited(name: str, hour: int, value: float) -> dict[str, Any]:
    values = np.array(getattr(forecast(), name))
    values[hour] = value
    return {name: values}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (edited("air_c", 2, 51.0), r"air_c of hour 3 is 51; it must be -60 to 50"),
        (edited("air_c", 2, np.nan), r"air_c of hour 3 is nan; it must be given at every hour"),
        (edited("dew_point_c", 0, 2.6), r"dew_point_c of hour 1 is 2.6; it must be at most 0.5 above air_c"),
        (edited("cloud", 5, 8.0), r"cloud of hour 6 is 8; it must be 0 to 1"),
        (edited("wind_m_s", 0, np.inf), r"wind_m_s of hour 1 is inf"),
        (edited("snow_mm_h", 5, 1.0), r"snow_mm_h of hour 6 is 1; it must be at most precipitation_mm_h"),
        ({"cloud": np.zeros(3)}, r"cloud has 3 values; the forecast has 6 hours"),
        ({"longwave_w_m2": np.full(HOURS, 9.0)}, r"longwave_w_m2 of hour 1 is 9"),
        ({"at_s": T + HOUR_S * np.array([0, 1, 2, 4, 5, 6])}, r"hour 4 is 2 h after hour 3; it must be 1 h"),
        ({"at_s": T + HOUR_S * np.arange(6)[::-1]}, r"hour 2 is -1 h after hour 1"),
        ({"issued_s": T + 5 * HOUR_S}, r"its last hour is not after its issue"),
        ({"issued_s": T - 25 * HOUR_S}, r"its first hour is \+25 h from its issue"),
        ({"issued_s": float("nan")}, r"a time is not a number"),
        ({"place": Place("", 0.0, 0.0)}, r"name is ''"),
        ({"place": Place("a\x1b[2J", 0.0, 0.0)}, r"visible characters"),
        ({"place": Place("A", 91.0, 0.0)}, r"latitude_deg is 91; it must be -90 to 90"),
        ({"place": Place("A", 0.0, float("nan"))}, r"longitude_deg is nan"),
        ({"place": Place("A", 0.0, 0.0, 1e5)}, r"altitude_m is 100000"),
        ({"source": "two words"}, r"source is 'two words'"),
        ({name: np.full(1, 1.0) for name in (*COLUMNS, "at_s")}, r"1 hours; there must be 2 to 480"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ForecastError, match=told):
        forecast(**change)


@given(st.sampled_from(COLUMNS), st.integers(0, HOURS - 1), st.floats(allow_nan=False))
def test_nothing_outside_its_limits_gets_in(name: str, hour: int, value: float) -> None:
    low, high = LIMITS[name]
    values = np.array(getattr(forecast(), name) if getattr(forecast(), name) is not None else [60.0] * HOURS)
    values[hour] = value
    try:
        made = forecast(**{name: values})
    except ForecastError:
        return
    assert low <= getattr(made, name)[hour] <= high
