"""One trouble of several parts told in few lines: when it begins, once a minute, when it is over.

Sixteen shards that each try a broker again every second would fill a log with the same
sentence. What each attempt said stays to be had at level debug.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

EVERY_S = 60.0

Part = int | str
"""What can fail: a shard by its number, or a name."""


class Incident:
    """Collects what fails and tells of it.

    A trouble that comes and goes within a minute of a line is counted to the next line, so
    that flapping fills no log either.

    Args:
        log: where to.
        begins: said when it begins and while it lasts, e.g. "no connection to the broker".
        over: said when every part works again.
        monotonic: seconds that never run backwards [s].
    """

    def __init__(
        self,
        log: FilteringBoundLogger,
        begins: str,
        over: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._begins = begins
        self._over = over
        self._monotonic = monotonic
        self._failing: set[Part] = set()
        self._parts: set[Part] = set()
        self._failures = 0
        self._lost = 0
        self._began_s = 0.0
        self._told_s = -math.inf
        self._open = False

    def failed(self, part: Part, reason: str) -> None:
        """Count a failed attempt of ``part``."""
        now_s = self._monotonic()
        if not self._failing:
            self._began_s = now_s
        self._failing.add(part)
        self._parts.add(part)
        self._failures += 1
        self._log.debug(self._begins, part=part, reason=reason)
        if now_s - self._told_s < EVERY_S:
            return
        lasting = {"failures": self._failures, "lasting_s": round(now_s - self._began_s)}
        self._log.warning(
            self._begins, reason=reason, parts=self._named(self._failing), **(lasting if self._open else {})
        )
        self._told_s, self._open = now_s, True

    def works(self, part: Part, *, lost: bool = False) -> None:
        """Note that ``part`` works, and whether it ``lost`` what was kept for it meanwhile."""
        self._failing.discard(part)
        self._lost += lost
        if self._failing or not (self._open or self._lost):
            return
        lasted_s = round(self._monotonic() - self._began_s) if self._failures else 0
        fields = {"failures": self._failures, "parts": self._named(self._parts), "lasted_s": lasted_s}
        if self._lost:
            self._log.error(self._over, lost=self._lost, **fields)
        else:
            self._log.info(self._over, **fields)
        self._told_s = self._monotonic()
        self._forget()

    def left(self, part: Part) -> None:
        """Note that ``part`` is no longer tried, whether it works or not."""
        self._failing.discard(part)
        if not self._failing:
            self._forget()

    def _forget(self) -> None:
        self._parts.clear()
        self._failures, self._lost, self._open = 0, 0, False

    @staticmethod
    def _named(parts: set[Part]) -> list[Part]:
        return sorted(parts, key=lambda part: (isinstance(part, str), f"{part:>9}"))
