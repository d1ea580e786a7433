"""When a stage of a roll-out is, as its page says it."""

from __future__ import annotations

import pytest

from ops_api.web.updates_view import stages

STAGES = [{"count": 2}, {"share": 0.5}, {"share": 1}]


@pytest.mark.parametrize(
    ("state", "stage", "said"),
    [
        ("running", 1, ["over", "now", "to come"]),
        ("halted", 1, ["over", "halted", "to come"]),
        ("cancelled", 1, ["over", "cancelled", "not begun"]),
        ("finished", 2, ["over", "over", "over"]),
    ],
)
def test_no_stage_of_one_that_ended_is_now_or_to_come(state: str, stage: int, said: list[str]) -> None:
    shown = stages({"state": state, "stage": stage, "stages": STAGES}, [])
    assert [one["when"] for one in shown] == said
