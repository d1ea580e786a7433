"""When the watch raises its alarms and when it ends them, and in which words."""

from __future__ import annotations

from datetime import UTC

import pytest
from msgspec.structs import replace

from rules.catalogue.escalations import chosen, load_escalations
from rules.catalogue.loader import completed, read_files
from rules.catalogue.watches import examine_watch, load_watch, roles_on_call
from rules.core.effects import ChangeSeverity, ClearAlarm, RaiseAlarm
from rules.core.explain.alarm import explain_alarm
from rules.core.explain.catalogue_copy import catalogue_copy
from rules.core.watch.model import ChannelSeen, Memory, QuarantinedSeen, Watched
from tests.fakes.watch_seen import WATCHED, T, Watching, seen

LOOK_S = 10.0
RULES = load_watch()


def looks(seconds: float, start_s: float = T) -> list[float]:
    return [start_s + LOOK_S * n for n in range(int(seconds / LOOK_S) + 1)]


def test_nothing_is_raised_while_all_is_well() -> None:
    watching = Watching()
    assert watching.each(seen(at) for at in looks(7200)) == []
    assert watching.memory == Memory()


def test_a_silent_town_is_told_after_ten_minutes_and_over_ten_minutes_after_it_spoke() -> None:
    watching = Watching()
    found = watching.each(seen(at, received_s=T) for at in looks(700))
    assert found == [(T + 600, "RaiseAlarm", "town")]
    [raised] = watching.effects
    assert isinstance(raised, RaiseAlarm)
    assert (raised.rule_id, raised.severity) == ("platform.no_readings", "major")
    assert "for 10 min, since 2025-" in raised.reason
    assert "20 devices" in raised.reason
    found = watching.each(seen(at) for at in looks(700, T + 710))
    assert found == [(T + 710 + 600, "ClearAlarm", "town")]
    last = watching.effects[-1]
    assert isinstance(last, ClearAlarm)
    assert last.reason.startswith("Readings are received again")


def test_a_silence_that_is_over_but_not_for_the_rules_is_told_with_its_end() -> None:
    watching = Watching()
    watching.look(seen(T, received_s=T - 2, gap_s=(T - 1802, T - 2)))
    [raised] = watching.effects
    assert isinstance(raised, RaiseAlarm)
    assert raised.reason.startswith("Nothing was received for 30 min, since 2025-")
    assert " until 2025-" in raised.reason
    found = watching.each(seen(at, gap_s=(at - 4, at - 3)) for at in looks(700, T + 10))
    assert found == [(T + 610, "ClearAlarm", "town")]


def test_after_an_hour_of_silence_it_is_critical() -> None:
    watching = Watching()
    watching.each(seen(at, received_s=T) for at in looks(3700))
    changed = [e for e in watching.effects if isinstance(e, ChangeSeverity)]
    assert [(e.severity, e.before, e.at_s) for e in changed] == [("critical", "major", T + 3600)]
    assert "for 1 h, since" in changed[0].reason


def test_a_town_that_reports_once_a_day_may_be_silent_for_a_day() -> None:
    watching = Watching()
    hourly = [T + 3600.0 * n for n in range(24 * 4)]
    found = watching.each(seen(at, received_s=T, cadence_s=86_400.0) for at in hourly)
    assert [(at - T, what) for at, what, _ in found] == [
        (3 * 86_400.0, "RaiseAlarm"),
        (3 * 86_400.0 + 3600.0, "ChangeSeverity"),
    ]


@pytest.mark.parametrize(
    "fields",
    [{"received_s": None}, {"received_s": None, "devices": 0, "cadence_s": None}, {"cadence_s": None, "devices": 0}],
)  # fmt: skip
def test_where_nothing_ever_came_silence_is_no_alarm(fields: dict[str, object]) -> None:
    assert Watching().each(seen(at, **fields) for at in looks(7200)) == []


def test_rules_that_are_behind_step_up_and_down() -> None:
    watching = Watching()
    found = watching.each(seen(at, waiting_since_s=T) for at in looks(700))
    assert found == [(T + 180, "RaiseAlarm", "town"), (T + 660, "ChangeSeverity", "town")]
    back = watching.each(seen(at) for at in looks(300, T + 710))
    assert [what for _, what, _ in back] == ["ClearAlarm"]


def test_a_lag_within_the_band_changes_nothing() -> None:
    watching = Watching()
    watching.each(seen(at, waiting_since_s=at - 130) for at in looks(100))
    assert len(watching.up) == 1
    assert (
        watching.each(seen(at, waiting_since_s=at - 31 - n % 80) for n, at in enumerate(looks(7200, T + 110)))
        == []
    )


@pytest.mark.parametrize(
    ("channel", "is_up"),
    [
        (ChannelSeen("sms", 5, None), True),
        (ChannelSeen("sms", 4, None), False),
        (ChannelSeen("sms", 0, 300.0), True),
        (ChannelSeen("sms", 0, 299.0), False),
    ],
)
def test_a_channel_that_fails_or_lets_messages_wait_is_told(channel: ChannelSeen, *, is_up: bool) -> None:
    watching = Watching()
    found = watching.each(seen(at, channels=(channel,)) for at in looks(120))
    assert found == ([(T + 60, "RaiseAlarm", "sms")] if is_up else [])


def test_each_channel_has_an_alarm_of_its_own_that_ends_with_a_message_that_went_out() -> None:
    watching = Watching()
    bad = (ChannelSeen("mail", 7, 400.0), ChannelSeen("sms", 5, None))
    watching.each(seen(at, channels=bad) for at in looks(60))
    assert {subject for _, _, subject in watching.up} == {"mail", "sms"}
    better = (ChannelSeen("mail", 0, None), ChannelSeen("sms", 1, None))
    found = watching.each(seen(at, channels=better) for at in looks(120, T + 70))
    assert found == [(T + 130, "ClearAlarm", "mail")], "one failure is not yet well again"


def test_a_channel_that_is_there_no_more_is_over() -> None:
    watching = Watching()
    watching.each(seen(at, channels=(ChannelSeen("sms", 5, None),)) for at in looks(60))
    found = watching.each(seen(at) for at in looks(120, T + 70))
    assert [what for _, what, _ in found] == ["ClearAlarm"]
    assert watching.memory.conditions == {}


def test_a_rota_with_nobody_in_the_next_day_names_role_hours_and_who_is_told_instead() -> None:
    watching = Watching()
    ahead = {"winter": T + 30 * 3600.0}
    found = watching.each(seen(at, next_s=ahead) for at in looks(400))
    assert found == [(T + 300, "RaiseAlarm", "operations"), (T + 300, "RaiseAlarm", "winter")]
    winter = watching.effects[1]
    assert isinstance(winter, RaiseAlarm)
    assert winter.reason.startswith("Nobody is on call for winter in the next 30 hours, the next is at 2025-")
    nobody = watching.effects[0]
    assert isinstance(nobody, RaiseAlarm)
    assert "in the next 168 hours. Until then" in nobody.reason
    assert "default, platform" in nobody.reason
    found = watching.each(
        seen(at, next_s={"winter": at + 21 * 3600.0, "operations": at}) for at in looks(100, T + 410)
    )
    assert [subject for _, _, subject in found] == ["operations"], "winter is within its band"


@pytest.mark.parametrize(
    ("is_copied", "says"),
    [(True, "Two devices spoke in turn under this name"), (False, "A person keeps it out")],
)
def test_a_quarantined_device_is_told_at_once_with_what_to_do_and_over_when_it_is_let_in(
    *, is_copied: bool, says: str
) -> None:
    watching = Watching()
    out = (QuarantinedSeen("frog-1", T - 5, is_copied=is_copied),)
    found = watching.each(seen(at, quarantined=out) for at in looks(7200))
    assert found == [(T, "RaiseAlarm", "frog-1")]
    [raised] = watching.effects
    assert isinstance(raised, RaiseAlarm)
    assert (raised.rule_id, raised.subject_kind, raised.severity) == ("device.quarantined", "device", "major")
    assert raised.title == "frog-1 is quarantined"
    assert raised.reason.startswith(says)
    assert "cityops devices release frog-1" in raised.reason
    assert watching.each([seen(T + 7210)]) == [(T + 7210, "ClearAlarm", "frog-1")]
    last = watching.effects[-1]
    assert isinstance(last, ClearAlarm)
    assert last.reason == "It is not quarantined any more."
    assert watching.memory.conditions == {}


def test_without_people_nobody_is_missing() -> None:
    assert Watching().each(seen(at, people=0, next_s={}) for at in looks(7200)) == []


def test_a_look_after_a_pause_does_not_count_as_having_lasted() -> None:
    watching = Watching()
    assert watching.look(seen(T, waiting_since_s=T - 500)) == []
    assert watching.look(seen(T + 600, waiting_since_s=T - 500)) == []
    assert [type(e) for e in watching.look(seen(T + 660, waiting_since_s=T - 500))] == [RaiseAlarm]


def test_a_clock_put_back_changes_nothing() -> None:
    watching = Watching()
    watching.each(seen(at, waiting_since_s=T - 500) for at in looks(50))
    assert watching.look(seen(T - 3600, waiting_since_s=T - 4200)) == []


def test_alarms_fit_the_memory_after_it_was_lost() -> None:
    watching = Watching()
    watching.each(seen(at, received_s=T) for at in looks(600))
    watching.memory = Memory()
    [again] = watching.look(seen(T + 610))
    assert isinstance(again, ClearAlarm), "well again, and nothing is remembered"
    watching.each(seen(at, received_s=T + 610) for at in looks(700, T + 620))
    assert len(watching.up) == 1
    watching.up.clear()
    [back] = watching.look(seen(T + 1400, received_s=T + 610))
    assert isinstance(back, RaiseAlarm), "somebody deleted the row"


@pytest.mark.parametrize("rule_id", sorted(RULES.by_id))
def test_its_alarms_are_explained_with_inputs_and_limits_from_the_catalogue(rule_id: str) -> None:
    watching = Watching()
    bad = {
        "received_s": T, "waiting_since_s": T, "channels": (ChannelSeen("sms", 9, 400.0),), "next_s": {},
        "quarantined": (QuarantinedSeen("frog-1", T, is_copied=True),),
    }  # fmt: skip
    watching.each(seen(at, **bad) for at in looks(700))
    raised = next(e for e in watching.effects if isinstance(e, RaiseAlarm) and e.rule_id == rule_id)
    row = {
        "rule_id": rule_id, "rule_version": raised.rule_version, "subject_kind": raised.subject_kind,
        "subject": raised.subject, "severity": raised.severity, "title": raised.title, "reason": raised.reason,
        "raised_at": raised.at_s, "cleared_at": None, "inputs": raised.inputs, "held_since": raised.held_since_s,
    }  # fmt: skip
    said = explain_alarm(row, [], catalogue_copy(read_files()), [], UTC, T + 800)
    assert said.inputs
    assert said.limits or rule_id == "device.quarantined", "it is, or it is not"
    assert all(limit.source for limit in said.limits)
    assert len(said.first_line) <= 120


def test_the_shipped_rules_have_a_chain_of_their_own_and_the_roles_of_all_chains_are_watched() -> None:
    escalations = load_escalations()
    assert {chosen(escalations, rule_id).id for rule_id in RULES.by_id} == {"platform", "device"}
    roles = roles_on_call(escalations)
    assert "platform" in roles["operations"]
    assert "winter" in roles


def test_a_catalogue_without_the_watch_says_which_file_is_missing() -> None:
    files = read_files()
    del files["platform_rota_empty.toml"]
    found, faults = examine_watch(files)
    assert found is None
    assert [f.file for f in faults] == ["platform_rota_empty.toml"]


def test_a_catalogue_from_before_quarantines_were_alarms_keeps_its_own_figures_for_the_rest() -> None:
    shipped, files = read_files(), read_files()
    del files["device_quarantined.toml"]
    name = "platform_rota_empty.toml"
    files[name] = files[name].replace("raise_at = 24.0", "raise_at = 30.0")
    found, faults = examine_watch(completed(files, shipped))
    assert found is not None, faults
    assert found.rota_empty.alarm.levels[0].raise_at == 30.0
    assert found.quarantined == RULES.quarantined


def test_an_id_that_does_not_fit_its_file_is_told_with_its_line() -> None:
    files = read_files()
    name = "platform_no_readings.toml"
    files[name] = files[name].replace('"platform.no_readings"', '"platform.silence"')
    _, faults = examine_watch(files)
    assert [(f.file, f.line) for f in faults] == [(name, 1)]


def test_a_promoted_figure_counts() -> None:
    rule = RULES.no_readings
    sooner = replace(RULES, no_readings=replace(rule, parameters=replace(rule.parameters, silent_s=200.0)))
    watching = Watching(Watched(sooner, WATCHED.roles))
    assert watching.each(seen(at, received_s=T) for at in looks(300)) == [(T + 200, "RaiseAlarm", "town")]
