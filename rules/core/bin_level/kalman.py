"""Level and rate of a bin: a Kalman filter with two states, on plain floats.

The level walks by what is thrown in, more by day than by night, and falls as litter settles: nothing makes it rise. The
rate forgets itself within hours, so that a gap of a day is not bridged by a lunch hour's rate.
"""

from __future__ import annotations

from math import exp, sqrt

from rules.core.bin_level.parameters import FilterParameters
from rules.core.bin_level.state import Track

DAY_S = 86_400.0


def begun(at_s: float, level_pct: float, variance: float, p: FilterParameters) -> Track:
    """Return a filter that knows one reading and nothing of the rate."""
    return Track(at_s, level_pct, 0.0, variance, 0.0, p.rate_sd_pct_h**2)


def predicted(t: Track, at_s: float, sun_s: float, p: FilterParameters) -> Track:
    """Return what is expected at a time, later than the last reading [s since 1970]."""
    hours = (at_s - t.at_s) / 3600.0
    keeps = exp(-hours / p.rate_decay_h)
    reach = p.rate_decay_h * (1.0 - keeps)  # hours that a rate goes on in effect
    comes = _comes_var_h(at_s, hours, sun_s, p) * hours
    rate_var = p.rate_sd_pct_h**2
    return Track(
        at_s,
        t.level_pct + t.rate_pct_h * reach,
        t.rate_pct_h * keeps,
        t.level_var + reach * (2.0 * t.cross_var + reach * t.rate_var) + comes,
        keeps * (t.cross_var + reach * t.rate_var),
        keeps * keeps * t.rate_var + (1.0 - keeps * keeps) * rate_var,
    )


def updated(ahead: Track, level_pct: float, noise_var: float) -> Track:
    """Return the filter after a reading as of its time."""
    off = level_pct - ahead.level_pct
    seen_var = ahead.level_var + noise_var
    gain, rate_gain = ahead.level_var / seen_var, ahead.cross_var / seen_var
    return Track(
        ahead.at_s,
        min(100.0, max(0.0, ahead.level_pct + gain * off)),
        ahead.rate_pct_h + rate_gain * off,
        (1.0 - gain) * ahead.level_var,
        (1.0 - gain) * ahead.cross_var,
        ahead.rate_var - rate_gain * ahead.cross_var,
    )


def sd_pct(t: Track, noise_pct: float) -> float:
    """Return the level's standard deviation [%], at least the sensor's: a cone or a tilted lid is in no reading's noise."""
    return max(noise_pct, sqrt(max(0.0, t.level_var)))


def _comes_var_h(at_s: float, hours: float, sun_s: float, p: FilterParameters) -> float:
    """Return the variance of what is thrown in within an hour [%²/h], on average over the last ``hours``."""
    day, night = p.day_pct_h**2, p.night_pct_h**2
    if hours > 6.0:
        share = (p.day_to_h - p.day_from_h) / 24.0
        return share * day + (1.0 - share) * night
    hour = ((at_s + sun_s) % DAY_S) / 3600.0
    return day if p.day_from_h <= hour < p.day_to_h else night
