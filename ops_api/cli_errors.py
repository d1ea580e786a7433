"""What the command line says of an exception: one line for a person, and an exit code."""

from __future__ import annotations

import sys

from cityops.errors import CityopsError, ConfigurationError, TransientError
from cityops.redact import redact

_WRONG_TABLES = {"3F000", "42703", "42883", "42P01"}
"""SQLSTATE: undefined schema, column, function or table (PostgreSQL, appendix A)."""


def in_words(error: Exception) -> tuple[str, int]:
    """Return the text to show and the exit code for ``error``."""
    if isinstance(error, CityopsError):
        return str(error), error.exit_code
    if getattr(error, "sqlstate", None) in _WRONG_TABLES:
        text = f"the database's tables are not those of this version ({_first_line(error)})"
        return f"{text}; run `cityops db upgrade`", ConfigurationError.exit_code
    if _is_lost_database(error):
        return f"the database does not answer: {_first_line(error)}", TransientError.exit_code
    if isinstance(error, OSError) and error.strerror is not None:
        place = "" if error.filename is None else f"{error.filename}: "
        return f"{place}{error.strerror}", TransientError.exit_code
    return f"{type(error).__name__}: {redact(str(error))} (this is a bug; --debug shows where)", 1


def first_of(group: ExceptionGroup[Exception]) -> Exception:
    """Return the exception to tell of: the first of ours, else the first, however deep it lies."""
    error: Exception = group.subgroup(CityopsError) or group
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def _is_lost_database(error: Exception) -> bool:
    driver = sys.modules.get("psycopg")  # not imported for this: --help must be quick
    return driver is not None and isinstance(error, driver.OperationalError)


def _first_line(error: Exception) -> str:
    return redact(next(iter(str(error).strip().splitlines()), type(error).__name__))
