"""A battery that only the network server was told of, put with the readings of its sensor. Pure.

DevStatusAns (LoRaWAN 1.0.4, 5.5) goes to the network server, not to the application: The Things Stack repeats it in
each uplink (``last_battery_percentage``), ChirpStack tells it as an event of its own (``status``), once a day as a rule.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from devices.contract.kind import Kind
from ingest.core.lorawan.decoded import BATTERY, Decoded, Sample
from ingest.core.lorawan.events import Uplink

FIELD = "battery_pct"
GOOD_FOR = timedelta(days=7)
"""What was told longer ago says nothing of a battery now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerBattery:
    """What a network server was told, and when; ``pct`` None: an external supply, or not known [%]."""

    pct: float | None
    at: datetime


def told_by(uplink: Uplink, at: datetime, *known: ServerBattery | None) -> float | None:
    """Return the battery that the server knew of when it heard an uplink [%]; None where it knew none.

    Args:
        uplink: a frame.
        at: when the server heard it.
        known: what was told, in any order; what is newer than the frame is not its.
    """
    if uplink.battery_pct is not None:
        return uplink.battery_pct
    before = [k for k in known if k is not None and timedelta() <= at - k.at <= GOOD_FOR]
    return max(before, key=lambda k: k.at).pct if before else None


def with_battery(decoded: Decoded, pct: float | None, kind: Kind) -> Decoded:
    """Return an uplink with the server's battery in the reading of its own time, where the sensor does not say it itself.

    Readings of earlier times stay as they are, and kinds without the field.
    """
    if pct is None or FIELD not in kind.by_name:
        return decoded
    measured = kind.by_name.keys() - BATTERY
    return replace(decoded, samples=tuple(_with(s, pct, measured) for s in decoded.samples))


def _with(sample: Sample, pct: float, measured: Set[str]) -> Sample:
    if sample.at is not None or FIELD in sample.fields or not measured & sample.fields.keys():
        return sample
    return replace(sample, fields={**sample.fields, FIELD: min(100.0, max(0.0, pct))})
