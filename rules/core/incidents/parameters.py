"""Figures of rule incidents.grouping: what falls together, and when that is an incident."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rules.core.figures import NotNegative, Positive, Severity
from rules.core.parameters import Rule

RULE = "incidents.grouping"
Least = Annotated[int, Meta(ge=1, le=1000)]


class BySeverity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A figure for each severity."""

    info: NotNegative
    warning: NotNegative
    major: NotNegative
    critical: NotNegative

    def of(self, severity: str) -> float:
        """Return the figure of a severity; AttributeError for another word."""
        return float(getattr(self, severity))


class GroupingParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What falls together, and when that is an incident.

    Attributes:
        radius_m: two signals are near each other within the larger of their radii [m] ...
        window_min: ... and begin within the larger of their windows [min].
        critical_alone: whether one critical signal is an incident by itself.
        majors: so many major ones at one place are one.
        services: signals of so many services are one ...
        services_from: ... each with one of this severity or worse ...
        least_of_service: ... and with so many signals; 1 where a service is not named.
        service_of: first word of a rule's id to the service it speaks for; other rules take no part.
        rules_from: rules that take part from a severity on.
        left_out: rules that take no part.
        loose: rules that join what is near and bind nothing together: weather is the same all over the town.
        events: events that take part, as ``info`` and loose, and their service.
        lapse_h: a proposal that nobody took up goes so long after all in it is over [h].
        ward_least: homes of a ward are told of from so many on, at risk or not.
    """

    radius_m: BySeverity
    window_min: BySeverity
    critical_alone: bool
    majors: Least
    services: Annotated[int, Meta(ge=2, le=10)]
    services_from: Severity
    service_of: dict[str, str]
    least_of_service: dict[str, Least] = {}
    rules_from: dict[str, Severity] = {}
    left_out: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    events: dict[str, str] = {}
    lapse_h: Positive
    ward_least: Annotated[int, Meta(ge=5, le=1000)] = 5

    @property
    def longest_s(self) -> float:
        """The longest window [s]: what began before that finds nothing new to fall together with."""
        w = self.window_min
        return 60.0 * max(w.info, w.warning, w.major, w.critical)


GroupingRule = Rule[GroupingParameters]
