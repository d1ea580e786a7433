"""Libraries to compare with, where they are installed: they come with the development set only."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

PLAIN = frozenset({"psychrolib"})
"""Libraries that compile themselves where numba is installed; the reference is their plain Python, which every machine has."""


def library(name: str) -> Any:
    """Return an installed library, psychrolib plain and set to SI units; None where it is not installed."""
    try:
        with _without_numba() if name in PLAIN and name not in sys.modules else nullcontext():
            found = importlib.import_module(name)
    except ImportError:
        return None
    if name == "psychrolib":
        found.SetUnitSystem(found.SI)
    return found


@contextmanager
def _without_numba() -> Iterator[None]:
    """Let an import find no numba."""
    there = sys.modules.get("numba")
    sys.modules["numba"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if there is None:
            del sys.modules["numba"]
        else:
            sys.modules["numba"] = there
