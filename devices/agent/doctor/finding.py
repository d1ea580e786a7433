"""What a check found."""

from __future__ import annotations

from collections.abc import Sequence
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


def report(findings: Sequence[Finding]) -> str:
    """Return the findings for a person."""
    width = max((len(f.name) for f in findings), default=0)
    lines = []
    for f in findings:
        lines.append(f"{f.level:<4}  {f.name:<{width}}  {f.detail}")
        if f.fix:
            lines.append(f"{'':<4}  {'':<{width}}  → {f.fix}")
    bad = [sum(f.level == level for f in findings) for level in ("fail", "warn")]
    return "\n".join([*lines, f"{bad[0]} failed, {bad[1]} warnings, {len(findings) - sum(bad)} well"])
