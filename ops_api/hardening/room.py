"""Makes room for a new connection by ending the one that has waited longest without asking anything.

Deadlines alone do not: who opens connections from many addresses faster than they end holds all there are, and everybody
else is told 503. Whoever asks is answered; a connection that is kept open after its answer is one that waits.
"""

from __future__ import annotations

from typing import Protocol


class Ends(Protocol):
    """A connection."""

    def end_quietly(self) -> None:
        """End it at once."""


class Room:
    """The connections of a server that wait for a request, the longest first.

    Args:
        most: connections, busy ones included, beyond which a new one takes the place of one that waits.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[Ends, None] = {}

    def wait(self, connection: Ends) -> None:
        """Say that a connection waits for a request from now on."""
        self._waiting.pop(connection, None)
        self._waiting[connection] = None

    def busy(self, connection: Ends) -> None:
        """Say that it has asked something, or is gone."""
        self._waiting.pop(connection, None)

    def make(self, connections: int) -> None:
        """End one that waits, where so many connections are too many; nothing where all are busy."""
        if connections > self._most and self._waiting:
            longest = next(iter(self._waiting))
            del self._waiting[longest]
            longest.end_quietly()
