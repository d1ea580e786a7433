"""The rule for migrations: what ran before a migration still runs after it. Pure.

An upgrade without loss migrates while the old ingester may still store (docs/operating.md), and a roll-back runs the old
programs on the new tables. So a migration expands: new tables, new columns that need no value. What takes
something away (drops, renames, a narrower type, a column that must have a value) is a *contraction*. It belongs into a
migration of its own, a release after the last program that used it, whose first lines say so::

    -- contract: <what used it, and the release that no longer does>
"""

from __future__ import annotations

import re

MARK = "-- contract: "
SINCE = 30
"""Migrations before this number were written before the rule."""

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_BODY = re.compile(r"\$(\w*)\$.*?\$\1\$", re.DOTALL)
_TEXT = re.compile(r"'(?:[^']|'')*'")
_TAKES_AWAY: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (what, re.compile(pattern, re.IGNORECASE))
    for what, pattern in (
        ("drops a table, view, column or other thing in use", r"\bdrop\s+(?!constraint\b|not\s+null\b|default\b|index\b)\w+"),
        ("renames", r"\brename\b"),
        ("changes a type", r"\balter\s+(?:column\s+)?\w+\s+(?:set\s+data\s+)?type\b"),
        ("asks for a value in a column that is there", r"\bset\s+not\s+null\b"),
        ("empties a table", r"^\s*truncate\b"),
        ("moves to another schema", r"\bset\s+schema\b"),
        ("takes a right away", r"\brevoke\b"),
        ("adds a rule to a table that is there", r"\balter\s+table\b[^;]*\badd\s+(?:constraint\s+\w+\s+)?(?:check|unique|exclude|primary|foreign)\b"),
    )
)  # fmt: skip
_ADDED = re.compile(r"\badd\s+column\s+(?:if\s+not\s+exists\s+)?(?P<name>\w+)(?P<rest>[^,;]*)", re.IGNORECASE)
_MADE = re.compile(r"\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?(?P<name>[\w.]+)", re.IGNORECASE)
_ALTERED = re.compile(r"\balter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?(?P<name>[\w.]+)", re.IGNORECASE)


def contractions(text: str) -> list[str]:
    """Return in words what of a migration's SQL programs of the release before would miss; nothing where it only adds.

    Bodies of functions, texts and comments do not count; nor does what is done to a table that it makes itself.
    """
    bare = _TEXT.sub("''", _BODY.sub("''", _COMMENT.sub("", text)))
    own = {match["name"].lower() for match in _MADE.finditer(bare)}
    found: list[str] = []
    for statement in bare.split(";"):
        altered = _ALTERED.search(statement)
        if altered is not None and altered["name"].lower() in own:
            continue
        found += [
            f"{what}: {_short(statement)}" for what, pattern in _TAKES_AWAY if pattern.search(statement)
        ]
        found += [
            f"adds column {match['name']} that needs a value: {_short(statement)}"
            for match in _ADDED.finditer(statement)
            if re.search(r"\bnot\s+null\b", match["rest"], re.I)
            and not re.search(r"\bdefault\b|\bgenerated\b", match["rest"], re.I)
        ]
    return found


def contract_reason(text: str) -> str | None:
    """Return what a migration's mark says of who used what it takes away; None without a mark."""
    for line in text.splitlines():
        if line.startswith(MARK) and line.removeprefix(MARK).strip():
            return line.removeprefix(MARK).strip()
        if line.strip() and not line.startswith("--"):
            return None
    return None


def _short(statement: str) -> str:
    words = " ".join(statement.split())
    return words if len(words) <= 90 else f"{words[:87]}..."
