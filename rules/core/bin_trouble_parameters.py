"""Parameters of what is wrong at a bin, beside how full it is."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rules.core.figures import Percent, Positive


class TiltedParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A bin on its side: the filter of bins.full says when it is, there is nothing to set here."""


class BlockedParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something in the way: the filter of bins.full says when the sensor is blocked, there is nothing to set here."""


class ContaminatedParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The wrong waste: the crew says so, there is nothing to set here."""


class NotEmptiedParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Services without an emptying.

    Attributes:
        failed_visits: so many visits that could not empty a bin are an alarm.
        apart_s: what crews say within so long is of one visit [s].
    """

    failed_visits: Annotated[int, Meta(ge=2, le=6)]
    apart_s: Positive


class OverflowParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Incidents of overflowing bins; their level is that of bins.full.

    Attributes:
        settled_pct: without an emptying, an incident that the level began ends below it [%].
        contradicted_below_pct: a report of a full bin that the sensor sees below it is a discrepancy [%].
    """

    settled_pct: Percent
    contradicted_below_pct: Percent
