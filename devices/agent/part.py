"""What a device does beside measuring: settings, updates. Each is a part that joins the agent.

A part has no loop and no thread: the agent calls it, always from its owner's own loop, and it
says something by :meth:`Voice.say`. Parts never raise: what goes wrong in one is told upwards as
what it reports, and the device goes on measuring. A part that needs no turn each second has an
attribute ``every_s``, how often it wants one at least [s]: the loop of a device sleeps the longer.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from devices.agent.clock_state import Moment


class Voice(Protocol):
    """How a part speaks."""

    @property
    def connected(self) -> bool:
        """Whether something said now leaves the device."""
        ...

    def say(self, channel: str, payload: bytes, *, retain: bool = False) -> bool:
        """Send at QoS 1 on one of the device's channels; return whether it left.

        It is not kept: whoever needs an answer says it again, at the latest after the next
        connection.
        """
        ...


class Part(Protocol):
    """Something that joins an agent."""

    @property
    def hears(self) -> Collection[str]:
        """The channels that it wants to hear, of those that come down (``desired``, ``firmware``)."""
        ...

    def connected(self, voice: Voice) -> None:
        """A connection is up and subscribed."""
        ...

    def heard(self, channel: str, payload: bytes, voice: Voice) -> None:
        """A message came down on one of its channels."""
        ...

    def turn(self, moment: Moment, voice: Voice) -> None:
        """A turn of the device's loop, on a device at least once a second or each ``every_s``; must be quick."""
        ...
