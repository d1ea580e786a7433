"""Random numbers for the search, three times as fast as those of :mod:`rules.core.carp.chance`.

Multiply with carry (Marsaglia), lag one, 32 bits: the number is in the low half of the state, the carry
in the high one, and what is drawn is both mixed. The state stays below 2**63, so that no integer ever
overflows; ``_A * 2**32 - 1`` and ``_A * 2**31 - 1`` are primes, so the period is the latter, 3.8e18.
Compiled and interpreted they are the same. Plans of a night's lorries keep the older generator:
with another one the same inputs and seed would give other plans.
"""

from __future__ import annotations

from rules.core.carp.compiled import Ints, compiled

_A = 1791398085
_LOW = 0xFFFFFFFF
_SHARE = 1.0 / (1 << 32)


def seeded(seed: int) -> list[int]:
    """Return the state for a seed, any whole number."""
    mixed = (seed * 0x9E3779B97F4A7C15 + 0xD1B54A32D192ED03) % (1 << 64)
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) % (1 << 64)
    # 0 and _A * 2**32 - 1 would stay as they are.
    return [1 + mixed % ((_A << 32) - 2)]


@compiled
def draw(state: Ints) -> int:
    """Return a whole number from 0 to 2**32 - 1."""
    x = _A * (state[0] & _LOW) + (state[0] >> 32)
    state[0] = x
    return (x ^ (x >> 32)) & _LOW


@compiled
def below(state: Ints, n: int) -> int:
    """Return a whole number from 0 to n - 1, for n far below 2**31."""
    return draw(state) * n >> 32


@compiled
def share(state: Ints) -> float:
    """Return a number strictly between 0 and 1."""
    return (draw(state) + 0.5) * _SHARE


@compiled
def shuffle(items: Ints, n: int, state: Ints) -> None:
    """Put the first ``n`` items in random order."""
    for i in range(n - 1, 0, -1):
        j = below(state, i + 1)
        item = items[i]
        items[i] = items[j]
        items[j] = item
