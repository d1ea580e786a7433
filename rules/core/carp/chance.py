"""Random numbers that are the same compiled and interpreted.

L'Ecuyer's combined generator (Comm. ACM 31, 1988): two multiplicative ones, period 2.3e18;
every product stays below 2**47, so that no integer ever overflows. The state is two numbers.
"""

from __future__ import annotations

from rules.core.carp.compiled import Ints, compiled

_M1, _A1 = 2147483563, 40014
_M2, _A2 = 2147483399, 40692


def seeded(seed: int) -> list[int]:
    """Return the state for a seed, any whole number."""
    mixed = (seed * 0x9E3779B97F4A7C15 + 0xD1B54A32D192ED03) % (1 << 64)
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) % (1 << 64)
    return [1 + mixed % (_M1 - 1), 1 + (mixed >> 32) * 2 % (_M2 - 1)]


@compiled
def draw(state: Ints) -> int:
    """Return a whole number from 1 to 2147483562."""
    state[0] = state[0] * _A1 % _M1
    state[1] = state[1] * _A2 % _M2
    z = state[0] - state[1]
    return z if z > 0 else z + _M1 - 1


@compiled
def below(state: Ints, n: int) -> int:
    """Return a whole number from 0 to n - 1, for n far below 2**31."""
    return draw(state) % n


@compiled
def share(state: Ints) -> float:
    """Return a number strictly between 0 and 1."""
    return draw(state) * (1.0 / _M1)


@compiled
def shuffle(items: Ints, n: int, state: Ints) -> None:
    """Put the first ``n`` items in random order."""
    for i in range(n - 1, 0, -1):
        j = below(state, i + 1)
        item = items[i]
        items[i] = items[j]
        items[j] = item
