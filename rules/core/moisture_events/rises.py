"""Quick rises and falls: where they begin, and where the air is at its wettest or driest."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from rules.core.moisture_events.parameters import AiringParameters, RiseParameters
from rules.core.psychrometrics import Floats

Span = tuple[int, int]
"""First and last bin of something."""


def change(vapour_g_m3: Floats, over_bins: int) -> Floats:
    """Return how far each bin is above the one ``over_bins`` before, or the next known after that [g/m³].

    NaN where neither is known: nothing is said across a gap.
    """
    before = _earlier(vapour_g_m3, over_bins)
    for nearer in range(over_bins - 1, 0, -1):
        before = np.where(np.isnan(before), _earlier(vapour_g_m3, nearer), before)
    return np.asarray(vapour_g_m3 - before)


def _earlier(values: Floats, bins: int) -> Floats:
    return np.concatenate([np.full(min(bins, len(values)), np.nan), values[: len(values) - bins]])


def runs(marked: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], join_bins: int) -> list[Span]:
    """Return the spans of marked bins; spans with at most ``join_bins`` unmarked bins between are one."""
    at = np.flatnonzero(marked)
    if len(at) == 0:
        return []
    cut = np.flatnonzero(np.diff(at) > join_bins + 1)
    firsts, lasts = np.concatenate([[0], cut + 1]), np.concatenate([cut, [len(at) - 1]])
    return [(int(at[a]), int(at[b])) for a, b in zip(firsts, lasts, strict=True)]


def rises(vapour_g_m3: Floats, p: RiseParameters) -> list[Span]:
    """Return start and peak of every quick rise, in order of time; a peak is never past the next start."""
    found = runs(change(vapour_g_m3, p.over_bins) >= p.rise_g_m3, p.join_bins)
    starts = [lowest(vapour_g_m3, max(first - p.over_bins - 1, 0), first - 1) for first, _ in found]
    spans = []
    for i, (start, (first, last)) in enumerate(zip(starts, found, strict=True)):
        next_start = starts[i + 1] if i + 1 < len(starts) else len(vapour_g_m3) - 1
        limit = min(next_start, start + int(p.longest_s / p.bin_s))
        spans.append((start, peak_of(vapour_g_m3, first, last, limit, p.rest_bins)))
    return spans


def lowest(vapour_g_m3: Floats, first: int, last: int) -> int:
    """Return the bin with the least vapour in a span that has a known one; the last of equals."""
    part = vapour_g_m3[first : last + 1]
    return first + len(part) - 1 - int(np.nanargmin(part[::-1]))


def peak_of(vapour_g_m3: Floats, first: int, last: int, limit: int, rest_bins: int) -> int:
    """Return the bin with the most vapour from ``first`` on.

    Beyond ``last`` it moves on as long as a higher bin comes within ``rest_bins``.
    """
    peak = first + int(np.nanargmax(vapour_g_m3[first : max(min(last, limit), first) + 1]))
    end = max(last, peak)
    for i in range(peak + 1, len(vapour_g_m3)):
        if i > min(end + rest_bins, limit):
            break
        if vapour_g_m3[i] > vapour_g_m3[peak]:
            peak, end = i, max(end, i)
    return peak


def baseline_g_m3(vapour_g_m3: Floats, start: int, p: RiseParameters) -> float:
    """Return the level before a rise: the median of the known bins up to its start [g/m³]."""
    return float(np.nanmedian(vapour_g_m3[max(start - p.baseline_bins + 1, 0) : start + 1]))


def falls(vapour_g_m3: Floats, rise: RiseParameters, p: AiringParameters) -> list[Span]:
    """Return start and lowest bin of every fall that is more than a shower's vapour settling.

    Of what stands above the lowest of the hours before, a part goes by itself; a fall
    that exceeds that part by ``fall_g_m3`` is an opened window.
    """
    settling = p.settle_share * (vapour_g_m3 - _lowest_before(vapour_g_m3, int(p.before_s / rise.bin_s)))
    own = _earlier(np.nan_to_num(settling, nan=0.0), rise.over_bins)
    longest = int(p.longest_s / rise.bin_s)
    found = []
    for first, last in runs(-change(vapour_g_m3, rise.over_bins) - own >= p.fall_g_m3, rise.join_bins):
        start = first - rise.over_bins
        found.append((start, peak_of(-vapour_g_m3, first, last, start + longest, rise.rest_bins)))
    return found


def _lowest_before(vapour_g_m3: Floats, bins: int) -> Floats:
    """Return the lowest known value of each bin and the ``bins`` before it [g/m³]; NaN where none is."""
    padded = np.concatenate([np.full(bins, np.inf), np.where(np.isnan(vapour_g_m3), np.inf, vapour_g_m3)])
    low = sliding_window_view(padded, bins + 1).min(axis=1)
    return np.asarray(np.where(np.isinf(low), np.nan, low))
