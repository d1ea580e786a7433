"""Whose pages these are: name, time zone, and the sample home of a demo."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True)
class Brand:
    """What an installation changes about its pages.

    Attributes:
        council: name in the header of each page.
        time_zone: zone of every time shown.
        sample_home: home code offered on the first page, in a demo only.
    """

    council: str = "Ourtown Council"
    time_zone: ZoneInfo = LONDON
    sample_home: str | None = None
