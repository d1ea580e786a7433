"""The shipped catalogue loads; a wrong one is refused with file, field and value."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cityops.errors import ConfigurationError
from rules.catalogue.incidents import FILE as INCIDENTS_FILE
from rules.catalogue.loader import FILES, SHIPPED, load
from rules.catalogue.orders import FILE as ORDERS_FILE
from rules.catalogue.watches import WATCH_FILES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(
        shutil.copytree(SHIPPED, tmp_path / "catalogue", ignore=shutil.ignore_patterns("*.py", "__*"))
    )


def test_the_shipped_catalogue() -> None:
    catalogue = load()
    ids = {getattr(catalogue, field).id for field in FILES}
    assert {
        "damp.surface_humidity",
        "winter.hoar_frost",
        "winter.ice",
        "bins.full",
        "bins.fire",
        "device.silent",
    } <= ids
    for field, (name, _) in FILES.items():
        rule = getattr(catalogue, field)
        assert name == rule.id.replace(".", "_") + ".toml"
        assert rule.source
        assert rule.reason
    files = {p.name for p in SHIPPED.glob("*.toml") if not p.name.startswith("escalation_")}
    rules = {name for name, _ in (*FILES.values(), *WATCH_FILES.values())}
    assert files == rules | {"matrix_scottish_2010.toml", ORDERS_FILE, INCIDENTS_FILE}


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("damp_surface_humidity", "raise_pct = 80.0", "raise_pct = 120.0", ["parameters.raise_pct = 120.0", "<= 100"]),
        ("damp_surface_humidity", "clear_pct = 75.0", "clear_pct = 85.0", ["clear_pct 85.0", "raise_pct 80.0"]),
        ("winter_gritting", "action_c = 1.0", 'action_c = "cold"', ["parameters.action_c = 'cold'", "float"]),
        ("winter_gritting", "horizon_h = 6.0", "", ["horizon_h", "missing"]),
        ("winter_gritting", "evaluate_every_s = 300.0", "evaluate_every_s = 90.0", ["evaluate_every_s = 90.0", "60"]),
        ("winter_gritting", "Europe/London", "Europe/Lundon", ["Europe/Lundon", "time zone"]),
        ("bins_full", "blind_mm = 30.0", "blind_mm = 30.0\nblnd_mm = 3.0", ["blnd_mm"]),
        ("bins_fire", 'severity = "critical"', 'severity = "huge"', ["alarm.levels[0].severity = 'huge'"]),
        ("bins_full", "clear_at = 85.0", "clear_at = 95.0", ["alarm.levels[1]", "clear_at must differ from raise_at 95"]),
        ("damp_surface_humidity", 'severity = "major"', 'severity = "info"', ["alarm", "rise in severity"]),
        ("winter_ice", "[alarm]", "[allarm]", ["unknown field `allarm`"]),
        ("matrix_scottish_2010", "passes = 2", "passes = 0", ["passes = 0", ">= 1"]),
        ("device_silent", "version = 2", "version = ", ["no TOML", "line"]),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named(folder: Path, name: str, old: str, new: str, says: list[str]) -> None:
    path = folder / f"{name}.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as error:
        load(folder)
    for part in [f"{name}.toml", *says]:
        assert part in str(error.value)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "bins_fire.toml").unlink()
    with pytest.raises(ConfigurationError, match=r"bins_fire\.toml can't be read"):
        load(folder)
