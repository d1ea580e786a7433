"""How findings are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

SHOWN = 5
"""Of one kind so many are named."""

Level = Literal["error", "warning", "note"]

Said = tuple[Level, str]


def some(names: Sequence[str], between: str = ", ") -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return between.join(names[:SHOWN]) + more
