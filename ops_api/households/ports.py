"""What households need that is not theirs to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Eraser(Protocol):
    """Deletes what a home's devices and diary hold of a resident's stay."""

    async def erase(self, home_id: int, resident_id: str, *, forget: bool) -> Mapping[str, Any]:
        """Delete and return the receipt.

        Args:
            home_id: of the home.
            resident_id: whose stays there are meant.
            forget: the resident leaves for good: name, stays and consents go too.

        Returns:
            erasure_id; done_at; ``deleted``: rows by what they were; ``kept``: intervals (from, to) that stay,
            since somebody who still lives there was there as well.
        """
        ...


class NoEraser:
    """Where nothing can be deleted: an application that was not given an eraser."""

    async def erase(self, home_id: int, resident_id: str, *, forget: bool) -> Mapping[str, Any]:
        """Refuse."""
        raise RuntimeError("this application was started without an eraser")
