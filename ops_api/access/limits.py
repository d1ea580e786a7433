"""How many requests a minute one asker may make. Pure: the time is an argument.

A bucket of tokens an asker: full at first, so a burst is no offence, and filled again evenly. Of one process, and lost at its
end: several processes allow as many times more. The askers heard of longest ago are forgotten first.
"""

from __future__ import annotations

from ops_api.access.model import Principal, Rule

MOST = 10_000
"""So many askers are kept in mind."""
MINUTE_S = 60.0
SEARCH_A_MINUTE = 60.0
WRITES_A_MINUTE = {"nobody": 60.0, "resident": 600.0, "staff": 600.0, "program": 6000.0}
REFUSED_A_MINUTE = 600.0
"""Of who is known: each is a line of the audit."""
TEAM_WRITES_A_MINUTE = 600.0
"""Of one network at a team's door: a depot's telephones are one network, and send at once what they kept."""


def allowance(rule: Rule, who: Principal, *, safe: bool) -> float | None:
    """Return how many such requests a minute somebody may make; None: they are not counted.

    Reads of what is open are not: walls poll them all day. A look that is written down is as a write: it makes a line.
    ``safe``: nothing is changed by it.
    """
    if rule.cost == "machine":
        return None
    if not safe or (rule.audit == "look" and rule.cost == "cheap"):
        team = rule.who == "door" and who.kind == "nobody"
        return TEAM_WRITES_A_MINUTE if team else WRITES_A_MINUTE[who.kind]
    if rule.cost == "cheap":
        return None
    reads = who.kind == "staff" or (who.kind == "program" and "open:read" in who.scopes)
    return WRITES_A_MINUTE[who.kind] if reads else SEARCH_A_MINUTE


class Buckets:
    """Tokens by asker."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[float, float]] = {}

    def wait_s(self, asker: str, a_minute: float, now_s: float) -> float:
        """Take one and return 0.0; where there is none, take nothing and return how long until there is [s]."""
        left, at_s = self._of.pop(asker, (a_minute, now_s))
        left = min(a_minute, left + max(0.0, now_s - at_s) * a_minute / MINUTE_S)
        wait_s = 0.0 if left >= 1.0 else (1.0 - left) * MINUTE_S / a_minute
        self._of[asker] = (left - 1.0 if left >= 1.0 else left, max(at_s, now_s))
        while len(self._of) > MOST:
            del self._of[next(iter(self._of))]
        return wait_s
