"""Mould risk at surfaces: the VTT index, for many homes at once.

Validity: constants of wood and test pieces, driven by surface climate. Models of this kind are right about
some 70 % of real homes (Menneer et al. 2022): always said as a risk.
"""

from __future__ import annotations

from rules.core.mould.growth import (
    critical_humidity_pct,
    highest_index,
    weeks_to_index_1,
    weeks_to_index_3,
)
from rules.core.mould.index import MouldState, after_hours, fresh, index_series
from rules.core.mould.sensitivity import (
    SURFACES,
    WOOD_OJANEN,
    MouldSettings,
    Sensitivity,
    Surface,
    surfaces_of,
)
from rules.core.mould.words import RiskBand, risk_band

__all__ = [
    "SURFACES",
    "WOOD_OJANEN",
    "MouldSettings",
    "MouldState",
    "RiskBand",
    "Sensitivity",
    "Surface",
    "after_hours",
    "critical_humidity_pct",
    "fresh",
    "highest_index",
    "index_series",
    "risk_band",
    "surfaces_of",
    "weeks_to_index_1",
    "weeks_to_index_3",
]
