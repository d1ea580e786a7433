"""The record of processing, as docs/privacy.md has it: made from the reach list, compared by a test.

Written anew by ``python -m ops_api.privacy.record docs/privacy.md``, between two marks.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ops_api.privacy.core.model import Personal, Whose
from ops_api.privacy.core.places import PLACES
from ops_api.privacy.core.reach import REACH

BEGIN, END = "<!-- record of processing: begin -->", "<!-- record of processing: end -->"
_HEADS: dict[Whose, str] = {
    "household": "Of households",
    "reporter": "Of who reports something or is reminded",
    "anybody": "Of anybody in a picture",
    "staff": "Of staff",
}


def record() -> str:
    """Return the record in Markdown, a table for each sort of people, and the places beside tables."""
    parts = [_table(head, [p for p in REACH if p.of == of]) for of, head in _HEADS.items()]
    places = [
        "### Beside tables",
        "",
        "| where | what | until | when somebody is forgotten |",
        "| --- | --- | --- | --- |",
    ]
    places += [f"| {p.where} | {p.what} | {p.keep} | {p.forgotten} |" for p in PLACES]
    return "\n\n".join([*parts, "\n".join(places)])


def _table(head: str, listed: Sequence[Personal]) -> str:
    lines = [
        f"### {head}",
        "",
        "| table | what | what for | until | when forgotten |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| `{p.table}` | {p.what} | {p.purpose} | {p.keep} | {p.how}{f': {p.why}' if p.why else ''} |"
        for p in listed
    ]
    return "\n".join(lines)


def put_into(text: str) -> str:
    """Return a page with the record between its marks as it is now.

    Raises:
        ValueError: the page has no such marks.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks {BEGIN} or {END}")
    return f"{before}{BEGIN}\n\n{record()}\n\n{END}{after}"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(put_into(page.read_text(encoding="utf-8")), encoding="utf-8")
