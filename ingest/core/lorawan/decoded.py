"""What a decoder makes of an uplink."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

BATTERY = frozenset({"battery_pct", "battery_v"})
"""Fields that make no reading by themselves: frames of a battery alone are reports of health."""


class DecodeError(ValueError):
    """Bytes or values that are not what the decoder reads: the sentence says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One reading.

    Attributes:
        fields: names with units, as kinds have them; what was not measured is not there.
        at: when it was measured; None: when the network server heard it.
    """

    fields: Mapping[str, float]
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """An uplink, decoded.

    Attributes:
        samples: readings; none where it carries something else (the answer to a setting).
        facts: what else it says, for a person: alarms, positions, versions.
        not_measured: fields of which the bytes say that nothing was measured, and how.
    """

    samples: tuple[Sample, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    not_measured: Mapping[str, str] = field(default_factory=dict)


class Builder:
    """Gathers one uplink."""

    def __init__(self) -> None:
        self.fields: dict[str, float] = {}
        self.facts: dict[str, Any] = {}
        self.not_measured: dict[str, str] = {}
        self.earlier: list[Sample] = []

    def measured(self, name: str, value: float, sentinels: Mapping[float, str] | None = None) -> None:
        """Take ``value``, or note what it stands for where it is one of ``sentinels``."""
        meaning = (sentinels or {}).get(value)
        if meaning is None:
            self.fields[name] = value
        else:
            self.not_measured[name] = f"{value:g}: {meaning}"

    def build(self) -> Decoded:
        """Return what was gathered; a battery alone is no reading but a fact."""
        facts = dict(self.facts)
        samples = list(self.earlier)
        if self.fields.keys() - BATTERY:
            samples.append(Sample(fields=dict(self.fields)))
        else:
            facts |= self.fields
        return Decoded(samples=tuple(samples), facts=facts, not_measured=dict(self.not_measured))
