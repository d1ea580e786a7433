"""Read what the tools of the operations centre go by: ``rules/catalogue/ops``."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

from cityops.errors import ConfigurationError
from rules.core.closing.costs import LorryCosts
from rules.core.emergency.parameters import WayParameters

SHIPPED = Path(__file__).parent / "ops"
WAY, COSTS = "emergency_way.toml", "closing_costs.toml"
T = TypeVar("T")


@cache
def load_way(folder: Path = SHIPPED) -> WayParameters:
    """Return what the emergency way is found by.

    Raises:
        ConfigurationError: the file is missing, is no TOML, or a field is unknown, missing or out of its limits.
    """
    return _read(folder / WAY, WayParameters)


@cache
def load_costs(folder: Path = SHIPPED) -> LorryCosts:
    """Return what a gritter costs; errors as :func:`load_way`."""
    return _read(folder / COSTS, LorryCosts)


def _read(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), kind)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
