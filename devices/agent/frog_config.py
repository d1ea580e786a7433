"""What makes a device a frog that speaks to its household: page, button, eyes. All are optional.

::

    [page]                      # without this section there is no page
    enabled = true              # the off switch
    room = "Bedroom"            # what the page calls the room
    port = 8080
    listen = "0.0.0.0"          # connections from outside a home network are closed unread
    names = ["frog.lan"]        # further names of the frog beside HOSTNAME and HOSTNAME.local
    pin_file = "/etc/cityops-agent/pin"
    time_zone = "Europe/London"
    allow_public = false        # true serves the world: think twice

    [button]
    pin = 17                    # GPIO number; the other leg to ground

    [eyes]
    pin = 27
    dark_from = 22              # local hours between which the eyes stay dark
    dark_until = 7
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec

from cityops.errors import ConfigurationError

if TYPE_CHECKING:  # a device without a page does without
    from zoneinfo import ZoneInfo

_NAME = re.compile(r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")
_PIN = re.compile(r"^[0-9]{4,12}$")
_TAKEN = {0: "the HAT's memory", 1: "the HAT's memory", 2: "I²C", 3: "I²C", 4: "1-wire"}

GpioPin = Annotated[int, msgspec.Meta(ge=0, le=27)]
LocalHour = Annotated[int, msgspec.Meta(ge=0, le=23)]


class PageSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The frog's page on the home network."""

    enabled: bool = True
    room: Annotated[str, msgspec.Meta(min_length=1, max_length=60)] = "My room"
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 8080
    listen: str = "0.0.0.0"  # noqa: S104 - connections from elsewhere are closed unread
    names: tuple[str, ...] = ()
    pin_file: str | None = None
    time_zone: str = "Europe/London"
    allow_public: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """The household's time zone."""
        from zoneinfo import ZoneInfo

        return ZoneInfo(self.time_zone)

    def hosts(self, device: str) -> frozenset[str]:
        """Return the Host headers that are the frog's: this machine's name, the device's, and ``names``."""
        own = {socket.gethostname().lower().partition(".")[0], device, "localhost"}
        return frozenset({*own, *(f"{name}.local" for name in own), *self.names})

    def pin(self) -> str | None:
        """Return the PIN in ``pin_file``; ConfigurationError where there is none of 4 to 12 digits."""
        if self.pin_file is None:
            return None
        try:
            pin = Path(self.pin_file).read_text(encoding="utf-8").strip()
        except OSError as e:
            raise ConfigurationError(f"page.pin_file {self.pin_file} can't be read: {e.strerror}") from e
        if not _PIN.match(pin):
            raise ConfigurationError(f"page.pin_file {self.pin_file}: a PIN is 4 to 12 digits")
        return pin


class ButtonSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The diary button, between a GPIO pin and ground."""

    pin: GpioPin


class EyesSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """LED eyes on a GPIO pin, dark from one local hour until another; equal hours mean never."""

    pin: GpioPin
    dark_from: LocalHour = 22
    dark_until: LocalHour = 7

    def dark_at(self, hour: int) -> bool:
        """Whether the eyes stay dark in this local hour."""
        if self.dark_from <= self.dark_until:
            return self.dark_from <= hour < self.dark_until
        return hour >= self.dark_from or hour < self.dark_until


def frog_faults(
    kind: str | None, page: PageSection | None, button: ButtonSection | None, eyes: EyesSection | None
) -> Iterator[str]:
    """Yield what types can't say: the field, its value and what is allowed; ``kind`` None: not known."""
    given = [
        name for name, section in (("page", page), ("button", button), ("eyes", eyes)) if section is not None
    ]
    if given and kind not in ("frog", None):
        yield f"[{given[0]}] is for frogs; device.kind is {kind!r}"
    if page is not None:
        yield from _page_faults(page)
    for name, pin in (("button", button and button.pin), ("eyes", eyes and eyes.pin)):
        if pin in _TAKEN:
            yield f"{name}.pin {pin} belongs to {_TAKEN[pin]}; take another, 5 to 27"
    if button is not None and eyes is not None and button.pin == eyes.pin:
        yield f"eyes.pin {eyes.pin} is button.pin as well; each needs its own"


def _page_faults(page: PageSection) -> Iterator[str]:
    import ipaddress
    from zoneinfo import ZoneInfoNotFoundError

    from devices.page.guard import is_home, is_wildcard

    try:
        ipaddress.ip_address(page.listen)
    except ValueError:
        yield f"page.listen {page.listen!r} is no IP address; 0.0.0.0 is every one of IPv4"
    else:
        if not (is_wildcard(page.listen) or is_home(page.listen) or page.allow_public):
            yield (
                f"page.listen {page.listen} is a public address, and the page shows when a household is at home; "
                "leave it out, name an address of the home network, or say page.allow_public = true"
            )
    for name in page.names:
        if not _NAME.match(name):
            yield f"page.names {name!r}: lower case letters, digits, hyphens and dots"
    try:
        _ = page.zone
    except (ZoneInfoNotFoundError, ValueError):
        yield f"page.time_zone {page.time_zone!r} is not known; e.g. Europe/London"
    try:
        page.pin()
    except ConfigurationError as e:
        yield str(e)
