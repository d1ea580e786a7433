"""How often a team's password may be tried: by network, and for the team as a whole. Pure: the time is an argument.

A wrong password costs nothing a few times; then each costs twice the wait of the one before, up to a quarter of an hour. While
one waits nothing is looked at, right or wrong, so that guessing on tells nothing and costs nothing more. Many networks
that guess together are held by the team's own count; a network or a browser from which the right password came before is
not, so that nobody keeps officers out in a frosty night by typing nonsense. What is counted is of one process and lost at its
end; a password of 16 characters stands a few more tries.
"""

from __future__ import annotations

from dataclasses import dataclass

from ops_api.client_network import network_of

FREE, TEAM_FREE = 5, 50
"""So many wrong ones in a row cost no wait: from a network, and from all together."""
FIRST_S = 2.0
LONGEST_S, TEAM_LONGEST_S = 900.0, 60.0
FORGOTTEN_S = 3600.0
"""Wrong tries are forgotten when none came for so long."""
KNOWN_S = 30 * 86_400.0
"""So long a network is known by which the right password came."""
MOST = 10_000
"""So many networks are kept in mind, those that tried last."""


@dataclass(frozen=True, slots=True)
class _Count:
    wrong: int
    last_s: float
    until_s: float


class Tries:
    """Wrong tries at one team's password."""

    def __init__(self) -> None:
        self._of: dict[str, _Count] = {}
        self._team = _Count(0, 0.0, 0.0)
        self._known: dict[str, float] = {}

    def wait_s(self, address: str, now_s: float, *, known: bool = False) -> float:
        """Return how long who is at an address has to wait before a try is looked at [s]; 0: not at all.

        Who is ``known`` by something else waits for no wrong ones but those of its own network.
        """
        network = network_of(address)
        own = self._of.get(network)
        until_s = 0.0 if own is None else own.until_s
        if not known and now_s - self._known.get(network, -KNOWN_S) >= KNOWN_S:
            until_s = max(until_s, self._team.until_s)
        return max(0.0, until_s - now_s)

    def wrong(self, address: str, now_s: float) -> float:
        """Count a wrong one; return the wait that it costs that network [s]."""
        network = network_of(address)
        own = _more(self._of.pop(network, None), now_s, FREE, LONGEST_S)
        self._of[network] = own
        _trim(self._of)
        self._team = _more(self._team, now_s, TEAM_FREE, TEAM_LONGEST_S)
        return own.until_s - now_s

    def right(self, address: str, now_s: float) -> None:
        """The password came from there: its wrong ones are forgiven, and it is known."""
        network = network_of(address)
        self._of.pop(network, None)
        self._known.pop(network, None)
        self._known[network] = now_s
        _trim(self._known)


def _more(before: _Count | None, now_s: float, free: int, longest_s: float) -> _Count:
    faded = before is None or now_s - max(before.last_s, before.until_s) >= FORGOTTEN_S
    wrong = 1 if before is None or faded else before.wrong + 1
    # 2.0 to a power beyond a thousand would overflow; the longest wait is reached long before.
    wait_s = 0.0 if wrong < free else min(longest_s, FIRST_S * 2.0 ** min(wrong - free, 30))
    return _Count(wrong, now_s, now_s + wait_s)


def _trim(table: dict[str, _Count] | dict[str, float]) -> None:
    while len(table) > MOST:
        del table[next(iter(table))]
