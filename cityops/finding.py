"""What a check of a doctor found, of a device (``cityops-agent doctor``) or of an installation (``cityops doctor``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        name: what was looked at.
        level: ``ok``, ``warn`` (works, not as well) or ``fail`` (does not work).
        detail: what was found.
        fix: what to do about it; "" where all is well.
    """

    name: str
    level: Level
    detail: str
    fix: str = ""


def ok(name: str, detail: str) -> Finding:
    """All is well."""
    return Finding(name, "ok", detail)


def warn(name: str, detail: str, fix: str) -> Finding:
    """It works, but not as well as it could."""
    return Finding(name, "warn", detail, fix)


def fail(name: str, detail: str, fix: str) -> Finding:
    """It does not work."""
    return Finding(name, "fail", detail, fix)
