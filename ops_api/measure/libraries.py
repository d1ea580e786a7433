"""Libraries to compare with, where they are installed: they come with the development set only."""

from __future__ import annotations

import importlib
from typing import Any


def library(name: str) -> Any:
    """Return an installed library, psychrolib set to SI units; None where it is not installed."""
    try:
        found = importlib.import_module(name)
    except ImportError:
        return None
    if name == "psychrolib":
        found.SetUnitSystem(found.SI)
    return found
