"""Who may have a bulk export now: so many at once in this process, and so many a day of one asker."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from ops_api.access.model import Principal
from ops_api.client_network import network_of
from ops_api.rest.core.day_limit import DayLimit

PROGRAMS_TIMES = 10
"""A key with the scope ``export`` has so many times as many."""
AT_ONCE_RETRY_S = 60


class NoPlaceError(RuntimeError):
    """There is no place for another export; ``retry_s``: when to ask again [s]."""

    def __init__(self, said: str, retry_s: int) -> None:
        super().__init__(said)
        self.retry_s = retry_s


class Places:
    """Gives places.

    Args:
        at_once: exports of this process; nobody who is not known has the last one as well.
        per_day: exports of one network; programs that are known have more.
    """

    def __init__(self, at_once: int = 2, per_day: int = 20) -> None:
        self._at_once, self._per_day = at_once, per_day
        self._taken: Counter[str] = Counter()
        self._days = DayLimit()

    def take(self, who: Principal, address: str, now: datetime) -> str:
        """Take a place and return what :meth:`give` gives it back by.

        Raises:
            NoPlaceError: there is none.
        """
        is_known = who.kind == "program" and "export" in who.scopes
        asker = f"{who.kind}:{who.id}" if who.id else f"network:{network_of(address)}"
        own = self._at_once if is_known else max(1, self._at_once - 1)
        if self._taken.total() >= self._at_once or self._taken[asker] >= own:
            raise NoPlaceError("Other exports are being made. Try again in a minute.", AT_ONCE_RETRY_S)
        most = self._per_day * (PROGRAMS_TIMES if is_known else 1)
        if not self._days.take(asker, most, now.date()):
            tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
            said = f"That were {most} exports today, which is the most. A key with the scope export has more."
            raise NoPlaceError(said, int((tomorrow - now).total_seconds()) + 1)
        self._taken[asker] += 1
        return asker

    def give(self, asker: str, *, in_vain: bool = False) -> None:
        """Give a place back; ``in_vain``: no export began, so that it does not count."""
        if in_vain:
            self._days.back(asker)
        self._taken[asker] -= 1
        self._taken = +self._taken
