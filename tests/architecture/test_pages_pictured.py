"""Every page that the web application declares is in docs/pages.md, with its picture or why it has none."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

MOST_BYTES = 200_000


def declared() -> list[str]:
    return list(importlib.import_module("screenshots").pages())  # in scripts/, which is no package


def test_every_page_is_listed_with_its_picture_or_why_it_has_none() -> None:
    text = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
    pictured = set(re.findall(r"images/pages/[\w-]+\.png\) [^|]*?`(/[^`]*)`", text))
    excused = set(re.findall(r"^Not pictured: `(/[^`]*)`", text, re.MULTILINE))
    assert sorted(pictured | excused) == declared()
    assert not pictured & excused


def test_pictures_of_pages_are_small() -> None:
    pictures = [
        *(ROOT / "docs" / "images" / "pages").glob("*.png"),
        *(ROOT / "docs" / "images").glob("ops*.png"),
    ]
    assert len(pictures) > 40
    assert [p.name for p in pictures if p.stat().st_size > MOST_BYTES] == []
