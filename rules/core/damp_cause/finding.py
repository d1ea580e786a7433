"""A cause of damp, how sure it is, and the figures behind it. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Cause = Literal["heat", "ventilation", "load", "moisture", "fabric", "outdoor", "none"]
"""moisture: too much of it in the air, and nothing tells whether by ventilation or load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The figures behind a cause; low, middle and high over the bands.

    Attributes:
        hours: looked at.
        damp_hours: of them with the coldest wall at or above the limit.
        removed: share of the damp (by how much and how long) that each remedy would remove, 0..1: heat, fabric,
            moisture, and where the water let in is known also ventilation and load, of which moisture is the better.
        hours_left: damp hours that each remedy would leave.
        room_c, outdoor_c, excess_pa: means.
        excess_ratio: moisture excess as times the ordinary.
        ventilation_share: how much of what is removable of that is slow ventilation; None where nothing tells.
    """

    hours: int
    damp_hours: tuple[int, int, int]
    removed: Mapping[str, tuple[float, float, float]]
    hours_left: Mapping[str, tuple[int, int, int]]
    room_c: float
    outdoor_c: float
    excess_pa: float
    excess_ratio: float
    ventilation_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Why a home is damp.

    Attributes:
        cause: what would remove most of the damp.
        confidence: share of the bands over which it is the same, 0..1.
        also: other causes that would remove nearly as much.
        evidence: the figures.
    """

    cause: Cause
    confidence: float
    also: tuple[Cause, ...]
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEnough:
    """There is too little to tell a cause from, and why.

    Attributes:
        reason: in words.
        lacks: of what: hours with everything known [h], or difference between indoors and outdoors [K].
        have, need: how much of it.
    """

    reason: str
    lacks: Literal["hours", "difference"]
    have: float
    need: float
