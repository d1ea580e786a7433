"""Makes room for a new connection by ending one that has waited long without asking anything.

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
    """The connections of a server that wait for a request, of each source the longest first.

    Args:
        most: connections, busy ones included, beyond which a new one takes the place of one that waits.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[str, dict[Ends, None]] = {}
        self._source: dict[Ends, str] = {}

    def wait(self, connection: Ends, source: str = "") -> None:
        """Say that a connection waits for a request from now on; ``source``: whose it is."""
        self.busy(connection)
        self._source[connection] = source
        self._waiting.setdefault(source, {})[connection] = None

    def busy(self, connection: Ends) -> None:
        """Say that it has asked something, or is gone."""
        source = self._source.pop(connection, None)
        if source is None:
            return
        del self._waiting[source][connection]
        if not self._waiting[source]:
            del self._waiting[source]

    def make(self, connections: int) -> None:
        """End one that waits, where so many connections are too many; nothing where all are busy.

        It is the longest waiting of the source that has the most: who comes with one and is slow is not pushed out by who
        comes with many.
        """
        if connections > self._most and self._waiting:
            source = max(self._waiting, key=lambda known: len(self._waiting[known]))
            longest = next(iter(self._waiting[source]))
            self.busy(longest)
            longest.end_quietly()
