"""Explanations as pages show them. Pure: the words come from ``rules.core.explain``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules.core.explain.model import Explanation, Limit, Shown

SHEETS = {"winter.gritting": "/winter", "bins.round": "/bins"}


@dataclass(frozen=True, slots=True)
class InputRow:
    """An input as a table's row."""

    name: str
    value: str
    at: str
    device: str
    quality: str


@dataclass(frozen=True, slots=True)
class ExplanationView:
    """An explanation for the template ``_explanation.html``, which any page may include as ``explanation``.

    Without a group's members: an alarm's page lists all of them, with links.
    """

    headline: str
    first_line: str
    why: tuple[str, ...]
    since: str
    would_change: tuple[str, ...]
    caveats: tuple[str, ...]
    inputs: tuple[InputRow, ...]
    limits: tuple[Limit, ...]


def view(e: Explanation) -> ExplanationView:
    """Return an explanation as shown."""
    return ExplanationView(
        headline=e.headline,
        first_line=e.first_line,
        why=e.why,
        since=e.since or "",
        would_change=e.would_change,
        caveats=e.caveats,
        inputs=tuple(_row(i) for i in e.inputs),
        limits=e.limits,
    )


def _row(i: Shown) -> InputRow:
    known = i.at is not None or i.device is not None
    return InputRow(
        i.name, f"{i.value} {i.unit}".rstrip(), i.at or "", i.device or "", i.quality if known else ""
    )


def sheet_of(decision: Mapping[str, Any]) -> str:
    """Return the page that shows what a decision is about."""
    page = SHEETS.get(decision["rule_id"], "")
    return f"{page}/{decision['subject']}" if page == "/winter" else page
