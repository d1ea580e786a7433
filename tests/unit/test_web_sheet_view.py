"""A driver's route sheet: legs, lengths and salt."""

from __future__ import annotations

from typing import Any

from ops_api.web import sheet_view
from ops_api.web.brand import Brand
from tests.fakes.web_routes import NOW, route

BRAND = Brand()


def leg(name: str, street: str, treat: bool, length_m: float = 100.0) -> dict[str, Any]:
    return {"segment_id": name, "street": street, "treat": treat, "length_m": length_m}


def test_sheet_joins_legs_of_one_street_and_weighs_the_salt() -> None:
    legs = [
        leg("a", "High Street", True, 400),
        leg("b", "High Street", True, 700),
        leg("c", "High Street", False, 50),
        leg("d", "Mill Lane", True, 500),
    ]
    state = {
        "spread_rate_g_m2": 10.0,
        "drive": {"km": 1.65, "minutes": 6.0, "legs": legs, "geometry": [[0, 52], [0.01, 52.01]]},
    }
    segments = [
        {
            "segment_id": x["segment_id"],
            "street": x["street"],
            "bridge": x["segment_id"] == "b",
            "width_m": 7.0,
            "geometry": [],
        }
        for x in legs
    ]
    view = sheet_view.view(route("r", "treat", **state), segments, None, now=NOW, brand=BRAND)
    assert [(s.street, s.treat, s.length, s.from_km, s.note) for s in view.steps] == [
        ("High Street", True, "1.1 km", "0.0 km", "Bridge"),
        ("High Street", False, "50 m", "1.1 km", ""),
        ("Mill Lane", True, "500 m", "1.1 km", ""),
    ]
    # 1600 m x 7 m x 10 g/m2 = 112 kg
    assert view.salt == "0.11 t"
    assert view.plan.startswith("M")


def test_a_route_without_a_drive_has_a_sheet_that_says_so() -> None:
    view = sheet_view.view(route("r", None), [], None, now=NOW, brand=BRAND)
    assert (view.steps, view.plan, view.salt, view.drive) == ((), "", "–", "–")
    assert view.headline.startswith("No decision yet")
