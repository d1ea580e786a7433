"""Compiles the search's inner loops where numba is installed; without it they run as they are.

Both ways take the same source and give the same results. The loops read and write flat
arrays by index only, so that without numba the much faster lists of Python take their place.
Where numba is installed, NUMBA_DISABLE_JIT=1 in the environment runs them interpreted.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])

try:
    import numba
except ImportError:
    COMPILED = False
else:
    COMPILED = not getattr(numba.config, "DISABLE_JIT", False)


@cache
def _sources(folder: Path) -> tuple[int, ...]:
    """What is in the files of a folder and of this one, in short."""
    folders = {folder, Path(__file__).parent}
    return tuple(zlib.crc32(file.read_bytes()) for f in sorted(folders) for file in sorted(f.glob("*.py")))


_HOW: dict[str, Any] = {"nogil": True, "_nrt": False, "forceinline": True, "no_cfunc_wrapper": True}
"""The loops make no arrays, so nothing need count references to them, and each becomes a part of
the loop that calls it: handing over some thirty arrays a call took most of the time."""


class Ints(Protocol):
    """A flat row of whole numbers: a numpy array for compiled loops, else a list."""

    def __getitem__(self, index: int, /) -> int: ...
    def __setitem__(self, index: int, value: int, /) -> None: ...
    def __len__(self) -> int: ...


class Floats(Protocol):
    """A flat row of numbers, likewise."""

    def __getitem__(self, index: int, /) -> float: ...
    def __setitem__(self, index: int, value: float, /) -> None: ...
    def __len__(self) -> int: ...


def compiled(function: F) -> F:
    """Compile a function of numbers and flat arrays, if that is possible here."""
    if not COMPILED:
        return function
    try:
        loop = numba.njit(cache=True, **_HOW)(function)
        _stamp(loop, Path(function.__code__.co_filename).parent)
    except (AttributeError, RuntimeError):
        # Nowhere to keep it (a read-only installation without a home), or numba keeps it differently.
        loop = numba.njit(**_HOW)(function)
    return cast("F", loop)


def _stamp(loop: Any, folder: Path) -> None:
    """Make what is kept of a compiled loop worthless when any file here or in its folder changes.

    numba looks at the loop's own file only, but compiles into it what it calls in others.
    """
    kept = loop._cache._cache_file
    kept._source_stamp = (kept._source_stamp, _sources(folder))


def flat(values: NDArray[np.integer]) -> Ints:
    """Return ``values`` as the loops take them."""
    row = np.ascontiguousarray(values).reshape(-1)
    return cast("Ints", row if COMPILED else row.tolist())


def flat_floats(values: NDArray[np.float64]) -> Floats:
    """Return numbers as the loops take them."""
    return cast("Floats", np.ascontiguousarray(values) if COMPILED else values.tolist())
