"""What a check found, for a person."""

from __future__ import annotations

from collections.abc import Sequence

from cityops.finding import Finding, fail, ok, warn
from devices.page.words import plural

__all__ = ["Finding", "fail", "ok", "report", "warn"]


def report(findings: Sequence[Finding]) -> str:
    """Return the findings for a person."""
    width = max((len(f.name) for f in findings), default=0)
    lines = []
    for f in findings:
        lines.append(f"{f.level:<4}  {f.name:<{width}}  {f.detail}")
        if f.fix:
            lines.append(f"{'':<4}  {'':<{width}}  → {f.fix}")
    bad = [sum(f.level == level for f in findings) for level in ("fail", "warn")]
    return "\n".join(
        [*lines, f"{bad[0]} failed, {plural(bad[1], 'warning', 'warnings')}, {len(findings) - sum(bad)} well"]
    )
