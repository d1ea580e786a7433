"""A catalogue that calls a bin on fire from 55 °C on, and a bin of 60 °C: an alarm in shadow only."""

from __future__ import annotations

from pathlib import Path

from rules.catalogue.loader import read_files
from tests.fakes.rules_town import Reading

SHIPPED = read_files()
HOTTER = {
    **SHIPPED,
    "bins_fire.toml": SHIPPED["bins_fire.toml"]
    .replace("version = 2", "version = 3")
    .replace("hot_c = 75.0", "hot_c = 55.0"),
}
FIRE = ("bins.fire", "b0")


def warm(minutes: float, first_c: float = 60.0) -> list[Reading]:
    """Return what three bins say: the first is so warm, the others are not."""
    temperatures = (first_c, 8.0, 8.0)
    return [
        ("bin", f"bin-{i}", minutes * 60.0 + i, {"distance_mm": 700.0, "temperature_c": temperature_c})
        for i, temperature_c in enumerate(temperatures)
    ]


def folder(parent: Path) -> Path:
    """Write the catalogue into a folder and return it."""
    made = parent / "hotter"
    made.mkdir()
    for name, text in HOTTER.items():
        (made / name).write_text(text, encoding="utf-8")
    return made
