"""The laboratory on a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from ops_api.lab_desk import Lab
from ops_api.web import lab_view


def lab_lines(lab: Lab, now: datetime, zone: ZoneInfo) -> Iterator[str]:
    """Yield how the town stands, then each fault."""
    view = lab_view.view(lab, now, zone)
    yield view.title
    for name, said in view.facts:
        yield f"  {name:<26} {said}"
    for fault in (*view.on, *view.past):
        yield f"{fault.fault_id:>4}  {fault.title}"
        yield f"      {fault.whom}"
        yield f"      {fault.state}. By {fault.by}."
