"""Figures that rules and alarms are told, with their units and limits."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

WholeMinutes = Annotated[float, Meta(ge=60, multiple_of=60)]
"""Time-driven evaluations begin at full minutes of event time [s]."""
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Percent = Annotated[float, Meta(ge=0, le=100)]
Celsius = Annotated[float, Meta(ge=-60, le=100)]
Hours = Annotated[float, Meta(ge=0, le=24 * 366)]
Severity = Annotated[str, Meta(pattern="^(info|warning|major|critical)$")]


class Dwell(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long a condition must hold before an alarm is raised or cleared [s].

    ``gap_s``: observations further apart than this do not count as lasting.
    """

    raise_after_s: NotNegative
    clear_after_s: NotNegative
    gap_s: Positive
