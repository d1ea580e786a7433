"""The section ``[update]`` of a device's file.

::

    [update]
    keys_file = "/etc/cityops-agent/update-keys.json"   # the council's public keys, put there with the card
    transfer = "mqtt"                # or "http", with base_url
    rate_bytes_s = 32768             # at most so fast [B/s]
    window = "01:00-05:00"           # UTC: when a new version may begin to run; left out: at any time
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

_WINDOW = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$")


class UpdateSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a device takes updates.

    Attributes:
        start_within_s: a fetch begins at random within this after the offer [s]: a street does not fetch at once.
        confirm_within_s: how long a new version has to prove itself [s], at least 2.5 cadences.
        starts: how often it may be started for that.
    """

    keys_file: str = "/etc/cityops-agent/update-keys.json"
    transfer: Literal["mqtt", "http"] = "mqtt"
    base_url: str = ""
    tls_ca: str = ""
    rate_bytes_s: Annotated[int, msgspec.Meta(ge=256, le=100_000_000)] = 32_768
    start_within_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 600.0
    confirm_within_s: Annotated[float, msgspec.Meta(ge=1, le=86_400)] = 900.0
    starts: Annotated[int, msgspec.Meta(ge=1, le=20)] = 3
    window: str = ""


def update_faults(section: UpdateSection | None) -> Iterator[str]:
    """Yield what types can't say of the section."""
    if section is None:
        return
    if section.transfer == "http" and not section.base_url.startswith(("https://", "http://")):
        yield f'update.base_url {section.base_url!r}: transfer = "http" needs the address of the website, https://…'
    if section.window and not _WINDOW.match(section.window):
        yield f'update.window {section.window!r}: two times of day (UTC) as "01:00-05:00"'


def in_window(window: str, wall_ms: int) -> bool:
    """Whether a time lies in a daily window; one over midnight is meant so. Empty: always.

    Args:
        window: ``HH:MM-HH:MM`` in UTC.
        wall_ms: the time [ms since 1970 UTC].
    """
    found = _WINDOW.match(window)
    if found is None:
        return True
    h1, m1, h2, m2 = (int(part) for part in found.groups())
    first, last, now = h1 * 60 + m1, h2 * 60 + m2, wall_ms // 60_000 % 1440
    return first <= now < last if first <= last else now >= first or now < last
