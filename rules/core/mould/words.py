"""The risk index in words: a risk, never a finding, and never a reproach."""

from __future__ import annotations

from typing import Literal

RiskBand = Literal["low", "raised", "high"]

RAISED_FROM, HIGH_FROM = 1.0, 3.0
"""1: on a test piece, growth that a microscope shows; 3: that the eye does (Hukka & Viitanen 1999). As limits of
bands: proposed."""

HIGHEST_INDEX = 6.0


def risk_band(index: float) -> RiskBand:
    """Return the band of a risk index."""
    if index >= HIGH_FROM:
        return "high"
    return "raised" if index >= RAISED_FROM else "low"
