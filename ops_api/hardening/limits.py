"""How long and how much a connection may take; pure values."""

from __future__ import annotations

from dataclasses import dataclass

TARGET_MOST = 8 * 2**10
"""Bytes of what is asked for: path and query."""
HEADERS_MOST = 100
"""Header lines."""
HEAD_MOST = 32 * 2**10
"""Bytes of all headers."""
BODY_RATE = 16 * 2**10
"""Bytes a second of a body that has more time than ``body_s``: a photo on a slow telephone is still coming."""
READ_RATE = 1024
"""Bytes a second that whoever is sent an answer takes at least."""
LOOK_S = 5.0
"""Seconds between looks at how fast an answer is taken."""


@dataclass(frozen=True)
class Limits:
    """Of every connection.

    Args:
        header_s: seconds for the headers, from the connection or from the end of the answer before.
        body_s: seconds for a body; one that comes with ``BODY_RATE`` has longer.
        stall_s: seconds after which an answer is no longer sent to who takes less than ``READ_RATE``.
        per_source: open connections of one address.
        at_once: connections beyond which a new one takes the place of one that waits for a request.
    """

    header_s: float = 10.0
    body_s: float = 60.0
    stall_s: float = 30.0
    per_source: int = 100
    at_once: int = 2400

    def body_left_s(self, since_s: float, taken: int) -> float:
        """Return for how many seconds more a body is waited for that began ``since_s`` ago and has ``taken`` bytes."""
        return self.body_s + taken / BODY_RATE - since_s

    def reads(self, since_s: float, taken: int) -> bool:
        """Whether somebody who took so many bytes in so many seconds still reads."""
        return since_s < self.stall_s or taken >= READ_RATE * since_s
