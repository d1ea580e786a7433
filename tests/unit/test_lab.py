"""The laboratory's switches: what to begin and end, what is typed, and what is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cityops.errors import ConfigurationError
from firmware_sim.lab.switches import changes, fault_of
from ops_api.lab_desk import SAID, Lab, NewFault
from ops_api.web import lab_view

NOW = datetime(2026, 1, 9, 12, tzinfo=UTC)
ZONE = ZoneInfo("Europe/London")
NUMBERS = st.sets(st.integers(1, 20))


@settings(max_examples=60, deadline=None)
@given(wanted=NUMBERS, held=NUMBERS, refused=NUMBERS)
def test_after_the_changes_what_holds_is_what_is_wanted(
    wanted: set[int], held: set[int], refused: set[int]
) -> None:
    due = changes({number: {} for number in wanted}, held, refused - held)
    after = (held - set(due.end)) | set(due.begin)
    assert after == (wanted - (refused - held))
    assert not set(due.begin) & held, "what holds is not begun again"


@pytest.mark.parametrize("fault", SAID)
def test_each_fault_that_is_offered_is_one_that_the_simulator_knows(fault: str) -> None:
    new = NewFault.model_validate({"fault": fault, "devices": ["frog-0001"], "share": 0.25, "hours": 3})
    made = fault_of(new.document())
    assert (made.fault, made.devices, made.probability, made.to_hour) == (fault, ("frog-0001",), 0.25, 3.0)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"fault": "clock"}, "concerns nobody"),
        ({"fault": "drift", "kind": "frog"}, "count is 0"),
        ({"fault": "drift", "devices": ["frog-1"], "field": "smell"}, "field is 'smell'"),
        ({"fault": "burnt", "devices": ["frog-1"]}, "burnt"),
        ({"fault": "drift", "devices": ["frog-1"], "colour": 1}, "colour"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_by_name(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        fault_of(more)


def test_what_is_typed_becomes_a_fault() -> None:
    typed = {**lab_view.USUAL, "fault": "clock", "devices": "frog-0001, frog-0002", "value": "-7200"}
    new = NewFault.model_validate(lab_view.typed_fault(typed))
    assert (new.devices, new.kind, new.value, new.share) == (["frog-0001", "frog-0002"], "", -7200.0, 0.3)
    several = NewFault.model_validate(lab_view.typed_fault({**lab_view.USUAL, "count": "3"}))
    assert (several.devices, several.kind, several.count, several.value) == ([], "frog", 3, None)
    zero = NewFault.model_validate(lab_view.typed_fault({**lab_view.USUAL, "fault": "stuck", "value": "0"}))
    assert zero.value == 0.0


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [("value", "cold", "Value: 'cold'"), ("share_pct", "150", "Share: 1.5"), ("hours", "0", "Hours: '0'"),
     ("count", "many", "How many: 'many'"), ("devices", "Frog 1", "Devices")],
)  # fmt: skip
def test_what_is_typed_wrong_is_said_with_its_name(field: str, text: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        NewFault.model_validate(lab_view.typed_fault({**lab_view.USUAL, field: text}))
    assert lab_view.wrong(caught.value).startswith(said)


def row(**more: Any) -> dict[str, Any]:
    fault = NewFault.model_validate({"fault": "uplink", "devices": ["frog-0001"], "share": 0.3}).document()
    return {
        "fault_id": 4, "fault": fault, "made_at": NOW, "made_by": "Gus", "ended_at": None, "ended_by": None,
        "began_at": None, "devices": None, "problem": "",
    } | more  # fmt: skip


def test_a_line_says_whom_it_struck_and_how_it_stands() -> None:
    waits, holds, off, refused = (
        lab_view.view(Lab(None, [r]), NOW, ZONE)
        for r in (
            row(),
            row(began_at=NOW, devices=[f"frog-{n}" for n in range(9)]),
            row(began_at=NOW, devices=["frog-1"], ended_at=NOW + timedelta(hours=1), ended_by="Ada"),
            row(problem="faults[0].devices names 'frog-9'"),
        )
    )
    assert waits.on[0].state == "Waits for the town"
    assert holds.on[0].whom.endswith("frog-5 and 3 more")
    assert holds.on[0].title == "Network gone for a part of the time: 30 %"
    assert "for 24 hours of its time" in holds.on[0].state
    assert not off.on
    assert off.past[0].state.startswith("Off since today 13:00, Ada")
    assert "frog-9" in refused.past[0].state
