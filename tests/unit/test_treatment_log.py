"""The log of passes: what a step found and took back, and what is not kept of a night."""

from __future__ import annotations

from datetime import UTC

from rules.core.memory import TreatedMemory
from rules.core.treatment import Pass
from rules.core.treatment_log import PassLine, pass_lines, standing
from rules.core.winter_kept import alarms_gone, passes_gone, roads_gone, weather_gone

DAY_S = 86_400.0


def one(at_s: float, from_s: float | None = None) -> Pass:
    return Pass(at_s, 10.0, 0.0, 1.0, "g", at_s - 60.0 if from_s is None else from_s, at_s)


def test_what_is_new_or_taken_back_has_a_line_and_what_is_forgotten_for_its_age_has_none() -> None:
    before = {"a": TreatedMemory((one(0.0), one(500.0))), "b": TreatedMemory((one(5.0),))}
    after = {
        "a": TreatedMemory((one(500.0), one(DAY_S + 100.0))),  # 0.0 is a day old by now
        "b": TreatedMemory((one(5.0, 1.0),)),
        "c": TreatedMemory((one(7.0),)),
    }
    found = pass_lines(before, after, DAY_S)
    assert found == (
        PassLine("driven", "a", one(DAY_S + 100.0)),
        PassLine("taken_back", "b", one(5.0)),
        PassLine("driven", "b", one(5.0, 1.0)),
        PassLine("driven", "c", one(7.0)),
    )
    assert pass_lines(after, after, DAY_S) == ()
    log = (PassLine("driven", "b", one(5.0)), *found)
    assert standing(log) == {s: TreatedMemory(m.passes[-1:]) for s, m in after.items()}


def test_what_is_not_kept_is_said_and_what_is_kept_is_not() -> None:
    def gone(now_days: float, logged_days: float | None = 0.0, decided_days: float | None = 5.0) -> str:
        logged_s = None if logged_days is None else logged_days * DAY_S
        decided_s = None if decided_days is None else decided_days * DAY_S
        return passes_gone(10 * DAY_S, now_days * DAY_S, 30, logged_s=logged_s, decided_s=decided_s)

    assert gone(39.0) == gone(39.0, None) == gone(39.0, 9.0, None) == gone(39.0, 5.9) == ""
    assert gone(41.0) == "What gritters spread is no longer kept (kept 30 days)."
    assert "not kept yet" in gone(39.0, 6.1)
    for words in (alarms_gone, weather_gone):
        assert words(0.0, 30 * DAY_S, 30) == ""
        assert "no longer kept (kept 30 days)" in words(0.0, 30 * DAY_S + 1.0, 30).lower()
    assert roads_gone([0.0, 1800.0], [0.0, 1800.0, 3600.0], 30, UTC) == ""
    assert roads_gone([0.0, 1800.0, 3600.0], [0.0], 30, UTC).startswith(
        "The hours of 2 of 3 road forecasts that decisions used are no longer kept (kept 30 days): those of 00:30, 01:00."
    )
