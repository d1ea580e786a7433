"""Where the rota comes from: a file, or an https address that is read again each hour."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from cityops.clock import Clock
from cityops.errors import CityopsError, ConfigurationError, TransientError
from cityops.runtime.stop import sleep_until_stop
from rules.notify.ports import People
from rules.notify.rota_calendar import RotaError, read_rota

log = structlog.get_logger(__name__)

SOURCE = "calendar"
EVERY_S = 3600.0
_MOST_BYTES = 5_000_000


def fetch(place: str, timeout_s: float = 20.0) -> bytes:
    """Return the calendar at ``place``: an https address, or a file's path.

    Raises:
        ConfigurationError: plain http, or a calendar beyond 5 MB.
        TransientError: it can't be had; the address, which may hold a token, is not named.
        OSError: a file that can't be read.
    """
    if not place.startswith(("http://", "https://")):
        return Path(place).expanduser().read_bytes()
    if not place.startswith("https://"):
        raise ConfigurationError("the rota's address must begin with https://")
    try:
        with urllib.request.urlopen(place, timeout=timeout_s) as answer:  # noqa: S310  # https only
            raw: bytes = answer.read(_MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        raise TransientError(f"the rota's address answered {error.code}") from None
    except OSError as error:
        raise TransientError(f"the rota's address does not answer ({type(error).__name__})") from None
    if len(raw) > _MOST_BYTES:
        raise ConfigurationError(f"the rota has more than {_MOST_BYTES:,} bytes")
    return raw


async def load_rota(place: str, people: People, zone: ZoneInfo, now_s: float, source: str = SOURCE) -> int:
    """Replace the shifts by those of the calendar at ``place``; return how many they are.

    Raises:
        ConfigurationError: the calendar can't be used; the shifts stay as they are.
        TransientError, OSError: as :func:`fetch`, likewise.
    """
    raw = await asyncio.to_thread(fetch, place)
    known = await people.people()
    try:
        shifts = await asyncio.to_thread(read_rota, raw, known, zone, now_s)
    except RotaError as error:
        raise ConfigurationError(f"rota: {error}") from error
    await people.put_shifts(source, shifts)
    return len(shifts)


class RotaRefresh:
    """Reads the calendar again each hour; while it can't be had, the last good one counts."""

    def __init__(self, place: str, people: People, zone: ZoneInfo, clock: Clock) -> None:
        self._place, self._people, self._zone, self._clock = place, people, zone, clock
        self.good = True

    async def run(self, stop: asyncio.Event) -> None:
        """Read until ``stop``."""
        while True:
            try:
                n = await load_rota(self._place, self._people, self._zone, self._clock.now().timestamp())
                self.good = True
                log.info("notify: rota read", shifts=n)
            except (CityopsError, OSError) as error:
                self.good = False
                said = str(error) if isinstance(error, CityopsError) else type(error).__name__
                log.error("notify: the rota can't be read; the last good one counts", error=said)
            if await sleep_until_stop(stop, EVERY_S if self.good else EVERY_S / 12):
                return
