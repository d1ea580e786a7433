"""Randomness without state: the same seed, key and time always give the same number.

Sensor noise must not depend on who asked before, so it is a hash (splitmix64,
Steele, Lea & Flood 2014) turned into a normal deviate by a table of quantiles.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_BITS = 12
_SLOTS = 1 << _BITS
_NORMAL = NormalDist()
GAUSS: tuple[float, ...] = tuple(_NORMAL.inv_cdf((i + 0.5) / _SLOTS) for i in range(_SLOTS))
"""Quantiles of the standard normal distribution at 4096 equal steps (-3.6 to 3.6)."""


def mix(value: int) -> int:
    """Return 64 well-mixed bits for an integer (splitmix64 finaliser)."""
    z = (value + _GOLDEN) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def key_of(seed: int, *names: str) -> int:
    """Return the 64-bit key of a named stream under ``seed``."""
    value = mix(seed & MASK)
    for name in names:
        value = mix(value ^ zlib.crc32(name.encode()))
    return value


def bits(key: int, tick: int) -> int:
    """Return 64 random bits for a stream at an integer time."""
    return mix(key ^ ((tick * _GOLDEN) & MASK))


def gauss5(random_bits: int) -> tuple[float, float, float, float, float]:
    """Return five independent standard normal deviates from 64 random bits."""
    g = GAUSS
    b = random_bits
    return (
        g[b & 4095],
        g[(b >> 12) & 4095],
        g[(b >> 24) & 4095],
        g[(b >> 36) & 4095],
        g[(b >> 48) & 4095],
    )


def unit(random_bits: int) -> float:
    """Return a uniform number in [0, 1) from 64 random bits."""
    return (random_bits >> 11) / (1 << 53)


Bits = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]
"""64 random bits for each member of an array."""
_TABLE = np.array(GAUSS)


def _mixed(z: Bits) -> Bits:
    """As :func:`mix`, of an array."""
    z = z + np.uint64(_GOLDEN)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def bits_of(keys: Bits, tick: int) -> Bits:
    """As :func:`bits`, of many streams at one time."""
    return _mixed(keys ^ np.uint64((tick * _GOLDEN) & MASK))


def gauss_of(random_bits: Bits, which: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the standard normal deviates number ``which`` (0..4) of arrays of random bits, as :func:`gauss5`."""
    return np.asarray(_TABLE[(random_bits >> np.uint64(12 * which)) & np.uint64(_SLOTS - 1)])


def unit_of(random_bits: Bits) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """As :func:`unit`, of an array."""
    return np.asarray((random_bits >> np.uint64(11)).astype(np.float64) / (1 << 53))


def generator(seed: int, *words: int) -> np.random.Generator:
    """Return a numpy generator for a numbered stream under ``seed``.

    The two key words of Philox are hashed from all arguments: streams of neighbouring
    numbers are independent, and making one costs about 20 µs.
    """
    low, high = mix(seed & MASK), mix((seed ^ 0x5DEECE66D) & MASK)
    for word in words:
        low, high = mix(low ^ (word & MASK)), mix(high ^ ((word * 3 + 1) & MASK))
    return np.random.Generator(np.random.Philox(key=np.array([low, high], dtype=np.uint64)))


class SmoothNoise:
    """A sum of sines with seeded phases: smooth in time, standard deviation about 1."""

    def __init__(
        self, seed: int, name: str, periods_s: Sequence[float] = (1020.0, 3100.0, 7900.0, 19700.0)
    ) -> None:
        key = key_of(seed, name)
        self._waves = tuple(
            (2.0 * math.pi / period, 2.0 * math.pi * unit(bits(key, i))) for i, period in enumerate(periods_s)
        )
        self._scale = math.sqrt(2.0 / len(periods_s))

    def at(self, time_s: float) -> float:
        """Return the noise at a time [s]."""
        return self._scale * sum(math.sin(omega * time_s + phase) for omega, phase in self._waves)
