"""An order to plough reaches the driver."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from ops_api.web.cab_view import lorry_view
from rules.core.cab.codec import OnRoads
from rules.core.cab.gpx import gpx
from rules.core.cab.making import make
from rules.core.cab.paper import document
from rules.core.cab.ploughing import card_of
from rules.core.cab.tonight import tonight
from rules.core.fleet.planner import Builder
from rules.core.winter_orders.standing import cases
from rules.winter.fleet.card_pdf import make_card
from tests.fakes.cab_desk import ZONE
from tests.fakes.cab_night import plan_of, wish_of
from tests.fakes.fleet_towns import fleet_town
from tests.fakes.pdf_text import pdf_text
from tests.unit.test_cab import LIMITS, ROUTES, START, act, treatment


def test_an_order_to_plough_is_planned_as_one() -> None:
    own = cases(
        [],
        [
            act(1, "O1", "ordered", treatment("s0", plough=True)),
            act(2, "O2", "ordered", treatment("s0", "s1")),
        ],
    )
    found = tonight(own, ROUTES, START + 600.0, limits_s=LIMITS)
    assert {a.segment_id: a.plough for a in found.asked} == {"s0": True, "s1": False}
    assert [o.plough for o in found.orders] == [True, False]


def test_page_paper_and_track_say_where_to_plough() -> None:
    network = fleet_town(3)
    wish = wish_of(network, 3)
    asked = [
        type(a)(**{f: getattr(a, f) for f in a.__struct_fields__} | {"plough": True}) for a in wish.asked
    ]
    contents = make(replace(wish, asked=asked), Builder())
    on, plan = OnRoads(network, contents), plan_of(contents)
    card = card_of(on, "L2")
    spread = [e for e in card.entries if e.spread]
    assert spread
    assert all(e.spread.startswith("Plough and spread") for e in spread)
    assert "Plough and spread" in gpx(card, "L2", "about", plan.at_s, str).decode()
    at = datetime(2026, 1, 9, 18, tzinfo=UTC)
    assert "Plough and spread" in pdf_text(make_card(document(plan, on, card, ZONE, council="Frogham"), at))
    view = lorry_view(plan, on, "L2", ZONE, progress=None, now_s=0.0)
    assert any(e.spread.startswith("Plough and spread") for e in view.entries)
