"""Read the law's limits and the bank holidays from their files."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from cityops.errors import ConfigurationError
from rules.core.legal_clock.law import BankHolidays, Law
from rules.core.legal_clock.working_days import WorkingDays

SHIPPED = Path(__file__).parent / "law"
LAW, HOLIDAYS = "hazards_2025.toml", "bank_holidays_england.toml"

T = TypeVar("T")


def load_law(folder: Path = SHIPPED) -> tuple[Law, WorkingDays]:
    """Return the limits, and a calendar that counts as they say.

    Raises:
        ConfigurationError: a file is missing, is no TOML, or a field is unknown, missing or out of its limits.
    """
    law = _read(folder / LAW, Law)
    holidays = _read(folder / HOLIDAYS, BankHolidays)
    try:
        zone = ZoneInfo(law.time_zone)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"{folder / LAW}: time_zone {law.time_zone!r}: no such zone, e.g. Europe/London"
        ) from error
    return law, WorkingDays(holidays, law.day_counting, zone)


def _read(path: Path, kind: type[T]) -> T:
    try:
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert(document, kind)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
