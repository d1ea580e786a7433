"""The colours of both styles, by day and dark, by their names in the shared stylesheet: contrast as WCAG 2.2 asks (AA)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SHEET = (Path(__file__).parents[2] / "ops_api" / "web" / "static" / "cityops.css").read_text(encoding="utf-8")
TEXT, SIGN = 4.5, 3.0
GROUNDS = ("paper", "ground", "soft")
WORDS = [
    *((text, ground) for text in ("ink", "ink-2", "accent", "crit") for ground in GROUNDS),
    *((name, f"{name}-bg") for name in ("good", "watch", "bad")),
    *(("ink", ground) for ground in ("good-bg", "watch-bg", "bad-bg", "tint", "tint-2", "grey", "grey-2", "cold")),
    ("accent", "tint"), ("accent", "tint-2"), ("accent-ink", "tint-2"), ("major-ink", "major-bg"), ("crit", "bad-bg"), ("hoar", "paper"),
    ("on-accent", "accent"), ("on-accent", "accent-over"), ("on-solid", "good"), ("on-solid", "bad"), ("ink-2", "foot"), ("ink-2", "mapground"),
]  # fmt: skip
SIGNS = [(name, "paper") for name in ("warn", "major", "level", "warm", "road-wet", "road-hoar", "road-ice")]
LINKS = ("paper", "ground", "soft", "foot", "good-bg", "watch-bg", "bad-bg")


def named(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block))


DAY = named(SHEET.partition("@media")[0])
DARK = DAY | named(SHEET.partition("@media")[2].partition("}")[0])


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("style", [DAY, DARK], ids=["day", "dark"])
def test_words_and_signs_stand_out_from_their_ground(style: dict[str, str]) -> None:
    pairs = [*((t, g, TEXT) for t, g in WORDS), *((s, g, SIGN) for s, g in SIGNS)]
    weak = {
        (t, g): round(contrast(style[t], style[g]), 2)
        for t, g, least in pairs
        if contrast(style[t], style[g]) < least
    }
    assert weak == {}


def test_dark_links_and_errors_stand_out_too() -> None:
    names = [n for n in DARK if n.startswith("govuk-link")] + [
        "govuk-error-colour",
        "govuk-text-colour",
        "govuk-secondary-text-colour",
    ]
    assert len(names) == 7
    weak = {
        (n, g): round(contrast(DARK[n], DARK[g]), 2)
        for n in names
        for g in LINKS
        if contrast(DARK[n], DARK[g]) < TEXT
    }
    assert weak == {}


def test_each_colour_that_has_a_name_has_one_for_dark_screens() -> None:
    same = {"accent-dark", "focus"}
    assert set(named(SHEET.partition("@media")[2].partition("}")[0])) >= set(DAY) - same


def test_black_on_white_is_as_the_standard_says() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21.0)
