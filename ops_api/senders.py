"""How much one network may send in an hour, over forms that anybody may fill in. Pure: the time is an argument.

Of one process, and lost at its end; the least recently heard networks are forgotten first.
"""

from __future__ import annotations

from collections import deque

from ops_api.client_network import network_of

HOUR_S = 3600.0
MOST = 10_000
"""So many networks are kept in mind."""


class SenderLimit:
    """Counts by network.

    Args:
        per_hour: so many are taken in any hour.
    """

    def __init__(self, per_hour: int) -> None:
        self._per_hour = per_hour
        self._of: dict[str, deque[float]] = {}

    def wait_s(self, address: str, now_s: float) -> float:
        """Count one and return 0.0; where it is one too many, count nothing and return how long to wait [s]."""
        network = network_of(address)
        sent = self._of.pop(network, deque())
        while sent and now_s - sent[0] >= HOUR_S:
            sent.popleft()
        self._of[network] = sent
        while len(self._of) > MOST:
            del self._of[next(iter(self._of))]
        if len(sent) >= self._per_hour:
            return HOUR_S - (now_s - sent[0])
        sent.append(now_s)
        return 0.0
