"""Shares of speed by surface: the shipped numbers, what age, forecasts and salt do to them, and refusals."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from cityops.errors import ConfigurationError
from rules.catalogue.ops_files import SHIPPED, WAY, load_costs, load_way
from rules.core.emergency.parameters import SURFACES
from rules.core.emergency.surface import Conditions, Paces, paces

P = load_way()


def one(state: str, age_s: float = 0.0, p_ice: float = 0.0, treated_s: float = math.inf) -> Paces:
    return paces(
        Conditions(
            np.array([SURFACES.index(state)], dtype=np.int8),
            np.array([age_s]),
            np.array([p_ice]),
            np.array([treated_s]),
        ),
        P,
    )


def test_wet_and_snow_are_the_federal_highway_administrations() -> None:
    wet, snow = P.surface["wet"], P.surface["snow"]
    assert (1.0 - wet.fast, 1.0 - wet.slow) == pytest.approx((0.10, 0.25))
    assert (1.0 - snow.fast, 1.0 - snow.slow) == pytest.approx((0.30, 0.40))
    order = [P.surface[s].usual for s in ("dry", "damp", "wet", "hoar", "snow", "ice")]
    assert order == sorted(order, reverse=True)


def test_a_dry_road_takes_its_dry_time() -> None:
    found = one("dry")
    assert (found.usual[0], found.fast[0]) == (1.0, 1.0)
    assert not found.icy[0]


def test_salt_gives_back_half_for_six_hours() -> None:
    assert one("ice").usual[0] == pytest.approx(1.0 / 0.5)
    assert one("ice", treated_s=3600.0).usual[0] == pytest.approx(1.0 / 0.75)
    assert one("ice", treated_s=6.1 * 3600.0).usual[0] == pytest.approx(1.0 / 0.5)
    assert one("wet", treated_s=0.0).usual[0] == pytest.approx(1.0 / 0.85)


def test_a_chance_of_ice_is_mixed_in_and_named_from_ten_percent() -> None:
    found = one("wet", p_ice=0.4)
    assert found.usual[0] == pytest.approx(0.6 / 0.85 + 0.4 / 0.5)
    assert found.slow[0] == pytest.approx(1.0 / 0.3)
    assert found.icy[0]
    assert not one("wet", p_ice=0.09).icy[0]
    assert one("dry", p_ice=1.0).fast[0] == pytest.approx(1.0 / 0.65)


def test_what_is_old_may_be_anything() -> None:
    fresh, old = one("wet", age_s=3000.0), one("wet", age_s=3700.0)
    assert old.usual[0] == fresh.usual[0]
    assert old.slow[0] == pytest.approx(1.0 / 0.5)
    assert old.fast[0] == 1.0
    assert one("unknown").slow[0] == pytest.approx(1.0 / 0.5)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[surface.hoar]", "[surface.fog]", "surface: fog, hoar missing or unknown"),
        ("usual = 0.50", "usual = 0.99", "allowed: 0 < slow <= usual <= fast <= 1"),
        ("again_costs = 5.0", "again_costs = 0.5", "again_costs is at least 1"),
        ("treated_h = 6.0", "treated_h = -1.0", "treated_h is -1"),
        ("width_m = 2.5\n", "width_m = 0.0\n", "width_m is 0"),
        ("[settings]", "[settings", "emergency_way.toml"),
    ],
)
def test_what_cannot_be_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = (SHIPPED / WAY).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / WAY).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=words):
        load_way(tmp_path)


def test_a_gritter_costs_something() -> None:
    assert load_costs().gbp_km > 0.0
    with pytest.raises(ConfigurationError, match="can't be read"):
        load_costs(Path("/nowhere"))
