"""The order in which what was taken out is put back."""

from __future__ import annotations

from rules.core.carp.chance import below
from rules.core.carp.compiled import Ints, compiled


@compiled
def shuffle(items: Ints, n: int, random: Ints) -> None:
    """Put the first ``n`` items in random order; ``random``: see :mod:`rules.core.carp.chance`."""
    for i in range(n - 1, 0, -1):
        j = below(random, i + 1)
        item = items[i]
        items[i] = items[j]
        items[j] = item


@compiled
def sort_by(items: Ints, n: int, key: Ints, base: int) -> None:
    """Sort the first ``n`` items by ``key[base + item]``; equal ones keep their order."""
    for i in range(1, n):
        item = items[i]
        j = i - 1
        while j >= 0 and key[base + items[j]] > key[base + item]:
            items[j + 1] = items[j]
            j -= 1
        items[j + 1] = item
