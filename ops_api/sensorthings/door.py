"""The two halves of SensorThings that routes are given."""

from __future__ import annotations

from dataclasses import dataclass

from ops_api.sensorthings.service import Sta
from ops_api.sensorthings.writing import Writing


@dataclass(frozen=True, slots=True)
class SensorThings:
    """What reads, and what makes and changes."""

    reading: Sta
    writing: Writing
