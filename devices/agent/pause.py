"""When to try again what a card did not take: each try may write megabytes in vain. Pure."""

from __future__ import annotations

MOST = 256
"""Entries between two tries at most: a day of a reading every 5 minutes."""


class Pause:
    """Counts entries, not time, which a device may not know: one passes after a failure, then twice as many each time.

    Attributes:
        left: entries that are still to pass.
    """

    def __init__(self) -> None:
        self.left = 0
        self._length = 0

    @property
    def is_over(self) -> bool:
        """Whether to try."""
        return self.left == 0

    def entry(self) -> None:
        """One was stored."""
        self.left = max(0, self.left - 1)

    def failed(self) -> None:
        """It was tried in vain."""
        self._length = min(max(1, 2 * self._length), MOST)
        self.left = self._length

    def worked(self) -> None:
        """It went well: what fails next is another trouble."""
        self.left = self._length = 0
