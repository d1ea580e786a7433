from __future__ import annotations

from pathlib import Path

from devices.contract.kind import discover
from devices.contract.reference import page

PAGE = Path(__file__).parents[2] / "docs" / "kinds.md"


def test_the_page_is_what_the_kinds_say() -> None:
    assert PAGE.read_text() == page(discover().values()), "run `make docs`"


def test_every_field_is_on_it() -> None:
    text = page(discover().values())
    for kind in discover().values():
        for field in kind.fields:
            assert f"| `{field.name}` |" in text
