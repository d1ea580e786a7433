"""The order in which what was taken out is put back."""

from __future__ import annotations

from rules.core.carp.compiled import Ints, compiled


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
