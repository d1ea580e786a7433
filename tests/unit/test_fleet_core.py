"""Layers come out as one, differences are what they say, and drift is judged by what is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from devices.contract.kind import discover
from devices.contract.settings.declared import settings_of
from ingest.fleet.core.diff import Edit, diff, unlike
from ingest.fleet.core.drift import ANSWERS_WITHIN, DRIFTS, Facts, counted, first_line, judge
from ingest.fleet.core.layers import Layer, Member, compose, layers_of, members_of, origins
from ingest.fleet.core.reports import understand
from ingest.fleet.keeping import next_version
from ingest.fleet.ports import Told

FROG, BIN = (settings_of(discover()[k]) for k in ("frog", "bin"))
NOW = datetime(2026, 1, 9, 6, 0, tzinfo=UTC)
LAYERS = {
    (layer.scope, layer.target): layer
    for layer in (
        Layer(scope="fleet", settings={"log.level": "warning", "cadence_s": 600, "eyes.enabled": False}, change_id=1),
        Layer(scope="kind", target="frog", settings={"cadence_s": 300}, change_id=2),
        Layer(scope="group", target="b", settings={"cadence_s": 120, "judge.cold_c": 14.0}, change_id=3),
        Layer(scope="group", target="a", settings={"judge.cold_c": 15.0}, change_id=4),
        Layer(scope="device", target="frog-2", settings={"cadence_s": 60}, change_id=5, made_by="ann", note="why"),
    )
}  # fmt: skip


def test_the_narrowest_layer_has_the_last_word():
    plain, in_groups = Member("frog-1", "frog"), Member("frog-2", "frog", frozenset("ba"))
    assert compose(layers_of(plain, LAYERS), FROG) == {
        "cadence_s": 300,
        "eyes.enabled": False,
        "log.level": "warning",
    }
    assert compose(layers_of(in_groups, LAYERS), FROG) == {
        "cadence_s": 60, "eyes.enabled": False, "log.level": "warning", "judge.cold_c": 14.0,
    }  # fmt: skip
    found = origins(layers_of(in_groups, LAYERS), FROG)
    assert {name: layer.label for name, layer in found.items()} == {
        "cadence_s": "device frog-2", "judge.cold_c": "group b", "eyes.enabled": "all devices", "log.level": "all devices",
    }  # fmt: skip


def test_a_kind_is_told_its_own_settings_only():
    assert compose(layers_of(Member("bin-1", "bin"), LAYERS), BIN) == {
        "cadence_s": 600,
        "log.level": "warning",
    }


def test_members_of_a_layer():
    members = [Member("frog-1", "frog"), Member("frog-2", "frog", frozenset("a")), Member("bin-1", "bin")]
    assert len(members_of("fleet", "", members)) == 3
    assert [m.name for m in members_of("kind", "frog", members)] == ["frog-1", "frog-2"]
    assert [m.name for m in members_of("group", "a", members)] == ["frog-2"]
    assert [m.name for m in members_of("device", "bin-1", members)] == ["bin-1"]


def test_differences():
    assert diff({"a": 300, "b": True}, {"a": 300.0, "b": 1, "c": 0.0}) == (
        Edit("b", True, 1),
        Edit("c", None, 0.0),
    )
    assert str(Edit("c", None, 0.0)) == "c: not set → 0"


def test_what_a_device_has_otherwise():
    desired = {"cadence_s": 300, "judge.cold_c": 15.0, "heater.after_h": 5.0}
    assert unlike(desired, {"cadence_s": 300, "judge.cold_c": 16.0}, FROG, ["heater.after_h"]) == (
        "judge.cold_c",
    )


def test_a_version_is_made_when_layers_come_out_otherwise():
    told = Told(device_id=7, member=Member("frog-2", "frog"), shard=1)
    first = next_version(told, LAYERS, FROG)
    assert first is not None
    assert (first.version, first.made_by, first.note, first.change_id) == (1, "ann", "why", 5)
    held = Told(device_id=7, member=told.member, shard=1, version=1, settings=first.settings)
    assert next_version(held, LAYERS, FROG) is None
    ahead = Told(device_id=7, member=told.member, shard=1, version=1, settings={}, reported=9)
    again = next_version(ahead, LAYERS, FROG)
    assert again is not None
    assert again.version == 10, "above all that the device has heard of"


def test_nothing_is_told_before_anything_is_set():
    untouched = Told(device_id=1, member=Member("frog-1", "frog"), shard=1)
    assert next_version(untouched, {}, FROG) is None
    was_set = Told(device_id=1, member=untouched.member, shard=1, version=3, settings={"cadence_s": 60})
    back = next_version(was_set, {}, FROG)
    assert back is not None
    assert (back.version, back.settings) == (4, {}), "as installed is a version, too"


T = NOW - timedelta(hours=2)


@pytest.mark.parametrize(
    ("facts", "drift"),
    [
        (Facts(), "as_installed"),
        (Facts(reported_at=T, state="applied", online=True), "as_installed"),
        (Facts(desired=2, published=2, reported=2, about=2, state="applied"), "in_step"),
        (Facts(desired=2, published=2, reported=2, about=2, state="applied", differs=True), "differs"),
        (Facts(desired=2, published=2, reported=2, about=2, state="settling"), "settling"),
        (Facts(desired=2, published=2, reported=1, about=2, state="refused"), "refused"),
        (Facts(desired=2, published=2, reported=1, about=2, state="rolled_back"), "rolled_back"),
        (Facts(desired=3, published=2, reported=1, about=2, state="rolled_back", online=True), "waiting"),
        (Facts(desired=2, published=2, published_at=T, online=False, heard_at=T), "silent"),
        (Facts(desired=2, published=2, published_at=T, online=None), "silent"),
        (Facts(desired=2, published=1, published_at=T, online=True), "waiting"),
        (Facts(desired=2, published=2, published_at=NOW, online=True, heard_at=T), "waiting"),
        (Facts(desired=2, published=2, published_at=T, online=True, heard_at=T), "unanswered"),
        (Facts(desired=2, published=2, published_at=T, online=True, heard_at=NOW), "waiting"),
        (Facts(desired=2, published=2, reported=3, about=3, state="applied"), "differs"),
    ],
)  # fmt: skip
def test_drift(facts, drift):
    assert judge(facts, NOW).drift == drift


def test_an_answer_has_its_time():
    facts = Facts(desired=2, published=2, published_at=NOW - ANSWERS_WITHIN, online=True)
    assert judge(facts, NOW).drift == "waiting"
    assert judge(facts, NOW + timedelta(seconds=1)).drift == "unanswered"


def test_the_first_line():
    of = {d: Facts() for d in DRIFTS}
    assert len(of) == 9
    assert first_line({"in_step": 4}) == "No device needs anybody because of its settings."
    assert first_line({"refused": 1}) == "1 device needs somebody: 1 refuses a version."
    counts = counted(judge(f, NOW) for f in [Facts(desired=2, about=2, state="refused")] * 2 + [Facts()])
    assert counts == {"refused": 2, "as_installed": 1}
    assert first_line({"refused": 2, "rolled_back": 1, "in_step": 5}) == (
        "3 devices need somebody: 2 refuse a version, 1 took a version back."
    )


@pytest.mark.parametrize(
    "document",
    [None, 1, [], {}, {"version": -1, "settings": {}}, {"version": 1}, {"version": 1, "settings": {"a": {}}},
     {"version": 1, "settings": {}, "state": "happy"}, {"version": "1", "settings": {}}, {"version": 1e300, "settings": {}}],
)  # fmt: skip
def test_whatever_a_device_says_is_survived(document):
    assert isinstance(understand(document, FROG, {}), str)


def test_only_what_a_setting_may_be_is_kept():
    document = {
        "version": 2, "state": "applied", "settings": {"cadence_s": 300, "judge.cold_c": 900, "name": "Mrs Smith"},
        "reasons": ["a\x00b\n" * 200] * 99, "firmware": "1.2" * 99, "boot": 2**80 % 2**62, "more": 1,
    }  # fmt: skip
    found = understand(document, FROG, {2: {"cadence_s": 60}})
    assert not isinstance(found, str)
    assert found.settings == {"cadence_s": 300}
    assert found.differs == ("cadence_s",)
    assert found.said.about == 2
    assert len(found.said.reasons) == 40
    assert len(found.said.reasons[0]) == 200
    assert "\x00" not in found.said.reasons[0]
    assert len(found.said.firmware) == 60
