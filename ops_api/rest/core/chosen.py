"""Answers with the chosen fields only, and parameters that a route does not know. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

NAMES_MOST = 100


def wanted(text: str) -> list[str]:
    """Return the names of ``fields=a,b``.

    Raises:
        ValueError: none, or more than any answer has.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not 1 <= len(names) <= NAMES_MOST:
        raise ValueError(f"write 1 to {NAMES_MOST} names of fields, with commas between them")
    return names


def only(document: Any, names: Collection[str], within: str | None) -> Any:
    """Return a document, or each of a list, with these fields; ``within``: of the list that is under this name."""
    if within is not None:
        return {**document, within: [_only(item, names) for item in document[within]]}
    return [_only(item, names) for item in document] if isinstance(document, list) else _only(document, names)


def _only(item: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name in names}


def strangers(asked: Iterable[str], known: Collection[str]) -> list[str]:
    """Return, in words, the names that are not known, each with the known one it may be meant for."""
    return [_said(name, known) for name in dict.fromkeys(asked) if name not in known]


def _said(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, sorted(known), n=1)
    shown = name if len(name) <= 40 else name[:40] + "…"
    return f"{shown!r}" + (f" (did you mean {near[0]!r}?)" if near else "")
