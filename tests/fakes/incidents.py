"""Signals of a street, for tests of incidents."""

from __future__ import annotations

import math
from typing import Any

from rules.core.incidents.model import Signal

AT_S = 1_768_000_000.0
"""A January evening [s since 1970]."""
LAT, LON = 51.45, -2.59
M_NORTH = 1.0 / 111_195.0
SERVICES = {
    "bins": "bins.blocked",
    "roads": "winter.ice",
    "devices": "device.silent",
    "reports": "report.full",
    "platform": "platform.no_readings",
}
SEVERITIES = {"bins": "warning", "roads": "major", "devices": "warning", "reports": "warning"}


def signal(
    number: int,
    service: str = "bins",
    *,
    east_m: float = 0.0,
    north_m: float = 0.0,
    min_: float = 0.0,
    **more: Any,
) -> Signal:
    """Return a signal so many metres and minutes from the street's corner at the beginning."""
    rule = more.pop("rule_id", SERVICES[service])
    fields: dict[str, Any] = {
        "key": f"alarm:{number}",
        "service": service,
        "rule_id": rule,
        "kind": "bin" if service in ("bins", "reports") else "segment" if service == "roads" else "device",
        "subject": f"{service}-{number}",
        "severity": SEVERITIES.get(service, "major"),
        "at_s": AT_S + 60.0 * min_,
        "title": f"{service} {number}",
        "alarm_id": number,
        "latitude_deg": LAT + north_m * M_NORTH,
        "longitude_deg": LON + east_m * M_NORTH / math.cos(math.radians(LAT)),
        "street": "Mill Lane",
        "binds": service != "roads",
    }
    return Signal(**(fields | more))


def burst_main() -> list[Signal]:
    """Return what a burst main does to a street: two blocked bins, two silent devices, ice, and a report."""
    return [
        signal(1, "bins"),
        signal(2, "bins", east_m=60.0, min_=5.0),
        signal(3, "devices", east_m=30.0, min_=20.0),
        signal(4, "devices", east_m=90.0, min_=25.0),
        signal(5, "roads", east_m=45.0, min_=40.0),
        signal(6, "reports", east_m=60.0, min_=50.0, key="report:6", alarm_id=None),
    ]
