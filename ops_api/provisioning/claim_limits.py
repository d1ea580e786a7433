"""How often a network and a device may be wrong in an hour, when they claim and when they rotate. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ops_api.client_network import network_of

TRIES_AN_HOUR = 20
"""Wrong codes after which a network's claims wait until the next hour. Slips don't count: the code's check symbol finds them
before anything is asked. Rotations are counted apart: a device that asks for its next credential with a wrong one, again and
again, keeps no household of its network from claiming."""
ROTATIONS_OF_DEVICE_AN_HOUR = 10
"""Wrong credentials after which rotations of one device from one network wait until the next hour, so that it holds up no other
device behind the same address. A device asks once an hour at most."""
ROTATIONS_OF_NETWORK_AN_HOUR = 200
"""Wrong credentials, of whatever devices, after which all rotations of a network wait: twenty broken devices hold up nobody, and
who goes through devices' names gets 200 guesses an hour at secrets of 256 bits. What is held up counts no more, so that one
device adds 10 to it at most."""

_WAIT = "Too many wrong {} came from this {}. Try again in an hour."


@dataclass(frozen=True, slots=True)
class Limit:
    """What is counted by the hour, under which mark, and after how many who waits; ``words``: what they are told."""

    mark: str
    most: int
    words: str

    @property
    def source(self) -> bytes:
        """The mark as it is kept: no address is."""
        return hashlib.sha256(self.mark.encode()).digest()


def limits_of_claims(address: str) -> tuple[Limit, ...]:
    """Return what wrong codes from an address count against."""
    mark = f"cityops claim try\n{network_of(address)}"
    return (Limit(mark, TRIES_AN_HOUR, _WAIT.format("codes", "network")),)


def limits_of_rotations(address: str, name: str) -> tuple[Limit, ...]:
    """Return what wrong credentials from an address count against, where they are shown for the device ``name``."""
    mark = f"cityops rotation try\n{network_of(address)}"
    one, all_ = ROTATIONS_OF_DEVICE_AN_HOUR, ROTATIONS_OF_NETWORK_AN_HOUR
    return (
        Limit(f"{mark}\n{name}", one, _WAIT.format("passwords", "device")),
        Limit(mark, all_, _WAIT.format("passwords", "network")),
    )
