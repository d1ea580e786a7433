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


class Speaker(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What speaks for a service: rules whose id begins with ``first``, or residents' reports (``report``).

    ``least``: so many signals of it make a service speak.
    """

    first: str
    service: str
    least: Least = 1


class RuleFrom(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule that takes part from a severity on."""

    rule: str
    severity: Severity


class EventOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A kind of event that takes part, and for which service."""

    kind: str
    service: str


class Storm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule whose alarms are no signals where more than ``most`` of one group alarm begin within its window.

    A gateway or a power cut silences a part of the town: that is the platform's, and would chain whole quarters together.
    """

    rule: str
    most: Least


class GroupingParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What falls together, and when that is an incident.

    Attributes:
        radius_m: two signals are near each other within the larger of their radii [m] ...
        window_min: ... and begin within the larger of their windows [min].
        critical_alone: whether one critical signal is an incident by itself.
        majors: so many major ones at one place are one.
        services: signals of so many services are one ...
        services_from: ... each with enough of this severity or worse.
        speakers: what speaks for which service; other rules take no part.
        rules_from: rules that take part from a severity on.
        left_out: rules that take no part.
        loose: rules that join what is near and bind nothing together: weather is the same all over the town.
        events: events that take part, as ``info`` and loose.
        storms: rules of which many at once say nothing about a place.
        widest_m: a group is no wider than this, corner to corner [m], however near each is to the next.
        placed_as: the place that a person gave an incident reaches as far as a signal of this severity.
        told_h: a report or an event of which nobody says that it is over counts for so long [h].
        lapse_h: a proposal that nobody took up goes so long after all in it is over [h].
    """

    radius_m: BySeverity
    window_min: BySeverity
    critical_alone: bool
    majors: Least
    services: Annotated[int, Meta(ge=2, le=10)]
    services_from: Severity
    speakers: Annotated[tuple[Speaker, ...], Meta(min_length=1)]
    rules_from: tuple[RuleFrom, ...] = ()
    left_out: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    events: tuple[EventOf, ...] = ()
    storms: tuple[Storm, ...] = ()
    widest_m: Positive
    placed_as: Severity
    told_h: Positive
    lapse_h: Positive

    @property
    def service_of(self) -> dict[str, str]:
        """First word of a rule's id to the service that it speaks for."""
        return {s.first: s.service for s in self.speakers}

    def least_of(self, service: str) -> int:
        """Return how many signals make a service speak; 1 where none is named."""
        return max((s.least for s in self.speakers if s.service == service), default=1)

    @property
    def longest_s(self) -> float:
        """The longest window [s]: what began before that finds nothing new to fall together with."""
        w = self.window_min
        return 60.0 * max(w.info, w.warning, w.major, w.critical)


GroupingRule = Rule[GroupingParameters]
