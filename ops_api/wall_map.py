"""Keeps the wall's map between those who ask for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ops_api.cached import Cached

Tagged = tuple[str, str]
"""A tag that differs where the text does, and the text."""
KEPT_S = 5.0
"""What is true on the map is looked up once in so long, however many walls ask [s]."""
PATIENCE_S = 30.0


class WallMap:
    """One application's map: what stands still, and what is true now."""

    def __init__(self) -> None:
        self.still: Tagged | None = None
        self._now: Cached[Tagged] | None = None

    async def now(self, make: Callable[[], Awaitable[Tagged]]) -> Tagged:
        """Return what is true now; ``make`` looks it up, once for all who ask within ``KEPT_S``."""
        if self._now is None:
            self._now = Cached(make, keep_s=KEPT_S, patience_s=PATIENCE_S)
        return await self._now.get() or await make()

    def close(self) -> None:
        """Stop looking up."""
        if self._now is not None:
            self._now.close()
