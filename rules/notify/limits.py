"""How fast a channel may be used, and when it is left alone."""

from __future__ import annotations


class Rate:
    """At most ``per_minute`` calls, ``burst`` of them at once; times in s of a monotonic clock."""

    def __init__(self, per_minute: float, burst: int = 10) -> None:
        self._per_s, self._burst = per_minute / 60.0, float(burst)
        self._left, self._at_s = float(burst), 0.0

    def available(self, now_s: float) -> int:
        """Return how many calls may begin now."""
        self._left = min(self._burst, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        return int(self._left)

    def take(self, n: int) -> None:
        """Count ``n`` calls."""
        self._left -= n

    def wait_s(self) -> float:
        """Return in how long the next call may begin [s]."""
        return max(0.0, (1.0 - self._left) / self._per_s)


class Breaker:
    """After ``most`` failures in a row a pause; each that follows at once is twice as long [s]."""

    def __init__(self, most: int = 5, first_s: float = 30.0, cap_s: float = 600.0) -> None:
        self._most, self._first_s, self._cap_s = most, first_s, cap_s
        self._failures, self._pauses = 0, 0
        self.until_s = 0.0

    def paused(self, now_s: float) -> bool:
        """Whether the channel is left alone now."""
        return now_s < self.until_s

    def succeeded(self) -> None:
        """Note that the channel works."""
        self._failures = self._pauses = 0

    def failed(self, now_s: float) -> bool:
        """Note a failure of the channel; return whether a pause begins.

        After a pause one failure is enough for the next; during one, what was under way does not count.
        """
        self._failures += 1
        if self._failures < self._most or self.paused(now_s):
            return False
        self.until_s = now_s + min(self._cap_s, self._first_s * 2.0 ** min(self._pauses, 16))
        self._pauses += 1
        return True
