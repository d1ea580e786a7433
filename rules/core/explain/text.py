"""An explanation as plain text: for a terminal, an e-mail, a text message."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from rules.core.explain.model import Explanation, Limit, Shown

SMS = 306
"""Two joined text messages."""


def as_text(e: Explanation, width: int = 100) -> str:
    """Return all of it, in lines of at most ``width`` characters."""
    lines = [e.headline, e.first_line, *e.why, *e.members]
    if e.since is not None:
        lines.append(f"Since {e.since}.")
    lines += _listed("What would have changed it", e.would_change)
    lines += _listed("Mind", e.caveats)
    lines += _listed("What was seen", map(input_line, e.inputs))
    lines += _listed("Limits", map(limit_line, e.limits))
    return "\n".join(part for line in lines for part in _wrapped(line, width))


def as_sms(e: Explanation) -> str:
    """Return the first line, and as much of the reasons and caveats as two text messages hold."""
    text = e.first_line
    for more in (*e.caveats, *e.why, *e.members, *e.would_change):
        if len(text) + 1 + len(more) <= SMS:
            text = f"{text}\n{more}"
    return text[:SMS]


def input_line(i: Shown) -> str:
    """Return an input as one line."""
    said = f"{i.name}: {i.value} {i.unit}".rstrip()
    rest = [t for t in (i.at, i.device, i.quality if i.device or i.at else None) if t]
    return f"{said} ({', '.join(rest)})" if rest else said


def limit_line(limit: Limit) -> str:
    """Return a threshold with its source as one line."""
    until = "" if limit.until is None else f", until {limit.until}"
    return f"{limit.name} {limit.value}: {limit.source}{until}"


def _listed(title: str, items: Iterable[str]) -> list[str]:
    found = [f"- {item}" for item in items]
    return [f"{title}:", *found] if found else []


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(
        line, width, subsequent_indent="  " if line.startswith("- ") else "", break_long_words=False
    )
