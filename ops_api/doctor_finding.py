"""What a check of ``cityops doctor`` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        name: what was looked at.
        level: ``ok``, ``warning`` (works, not as well) or ``error`` (does not work).
        detail: what was found.
        fix: what to do about it; empty where all is well.
    """

    name: str
    level: Level
    detail: str
    fix: str = ""


def ok(name: str, detail: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(name, "ok", detail)


def warning(name: str, detail: str, fix: str) -> Finding:
    """Return a finding of something that works, but not as well as it could."""
    return Finding(name, "warning", detail, fix)


def error(name: str, detail: str, fix: str) -> Finding:
    """Return a finding of something that does not work."""
    return Finding(name, "error", detail, fix)
