"""Saying a thing once in a while, however often it happens. Pure; time is an argument."""

from __future__ import annotations

from collections.abc import Hashable

SWEEP_FROM = 1024


class OncePer:
    """Lets each key through once per ``period_s`` [s]; forgets keys that were quiet since."""

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._last_s: dict[Hashable, float] = {}
        self._sweep_at = SWEEP_FROM

    def __len__(self) -> int:
        """Return the number of keys that are remembered."""
        return len(self._last_s)

    def due(self, key: Hashable, now_s: float) -> bool:
        """Return whether ``key`` may be said at ``now_s`` [s, monotonic]; it then counts as said."""
        last_s = self._last_s.get(key)
        if last_s is not None and now_s - last_s < self._period_s:
            return False
        self._last_s[key] = now_s
        if len(self._last_s) >= self._sweep_at:
            self._last_s = {k: s for k, s in self._last_s.items() if now_s - s < self._period_s}
            self._sweep_at = max(SWEEP_FROM, 2 * len(self._last_s))
        return True
