"""A device hears its settings, puts them in force, and says what came of it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from devices.agent.clock_state import Clk, Moment
from devices.agent.effects import CadenceEffect, CalibrationEffect, Effects
from devices.agent.sampler import Sampler
from devices.agent.settings_card import CardError, FileCard, MemoryCard
from devices.agent.settings_part import SettingsPart
from devices.contract.kind import discover
from devices.contract.settings.messages import Desired, Reported
from tests.unit.test_settings_card import Dying, PowerCut

BIN = discover()["bin"]


class Sensor:
    def read(self) -> Mapping[str, float]:
        return {"distance_mm": 500.0, "temperature_c": 10.0}


class Device:
    """A device of which each start is a new part on the same card."""

    def __init__(self, card=None, extra=()) -> None:
        self.card, self.extra = card or MemoryCard(), extra
        self.now_s, self.up_s, self.receipts = 0.0, 100.0, 0
        self.said: list[Reported] = []
        self.told: list[str] = []
        self.is_up = True
        self.start()

    def start(self, is_blamed: bool = True) -> None:
        self.up_s += 1.0
        self.sampler = Sampler(BIN, [Sensor()], 1800, 0.0)
        effects = [CadenceEffect(self.sampler, lambda: self.now_s), CalibrationEffect(self.sampler, BIN)]
        self.part = SettingsPart(
            BIN, self.card, Effects(BIN, [*effects, *self.extra]), lambda: self.now_s,
            receipts=lambda: self.receipts, tell=self.told.append, firmware="1.2", boot=7, launcher=2, up_s=self.up_s, is_blamed=is_blamed,
        )  # fmt: skip

    @property
    def connected(self) -> bool:
        return self.is_up

    def say(self, channel: str, payload: bytes, *, retain: bool = False) -> bool:
        assert channel == "reported"
        if self.is_up:
            self.said.append(msgspec.json.decode(payload, type=Reported))
        return self.is_up

    def hear(self, version: int, confirmed: bool = False, **settings) -> Reported:
        named = {name.replace("__", "."): value for name, value in settings.items()}
        document = Desired(version=version, settings=named, confirm_within_s=60, confirmed=confirmed)
        self.part.heard("desired", msgspec.json.encode(document), self)
        return self.said[-1]

    def wait(self, seconds: float) -> Reported:
        self.now_s += seconds
        self.part.turn(Moment(1_767_225_600_000, round(self.now_s * 1000), Clk.SYNCHRONISED), self)
        return self.said[-1]


def test_settings_are_put_in_force_and_told():
    d = Device()
    said = d.hear(1, calibration__temperature_c__offset=-0.5, calibration__temperature_c__gain=1.1)
    assert d.sampler.read() == {"distance_mm": 500.0, "temperature_c": 10.5}
    assert (said.version, said.state, said.firmware, said.boot, said.launcher) == (1, "settling", "1.2", 7, 2)
    assert said.settings["calibration.temperature_c.offset"] == -0.5
    assert said.settings["cadence_s"] == 1800, "what is as installed is told, too"
    assert d.wait(31.0).state == "applied"


def test_what_is_not_named_is_as_installed_again():
    d = Device()
    d.hear(1, cadence_s=60)
    d.hear(1, confirmed=True, cadence_s=60)
    assert d.sampler.cadence_s == 60
    assert d.hear(2).settings["cadence_s"] == 1800
    assert d.sampler.cadence_s == 1800


def test_cadence_is_taken_back_without_an_answer_and_kept_with_one():
    d = Device()
    said = d.hear(1, cadence_s=60)
    assert (said.state, said.confirm, d.sampler.cadence_s) == ("settling", True, 60)
    back = d.wait(61.0)
    assert (back.version, back.about, back.state) == (0, 1, "rolled_back")
    assert back.reasons == ("not confirmed within 60 s",)
    told = d.told[-2:]
    assert told[0].endswith("rolled back: not confirmed within 60 s"), (
        "the log says why, before what is in force now"
    )
    assert told[1].endswith("in force")
    assert d.sampler.cadence_s == 1800
    d.hear(2, cadence_s=120)
    d.receipts += 1
    assert d.wait(1.0).state == "applied"
    assert d.hear(3, cadence_s=90).state == "settling"
    assert d.hear(3, confirmed=True, cadence_s=90).state == "applied"
    assert d.sampler.cadence_s == 90


def test_what_is_not_allowed_is_refused_with_its_reason():
    d = Device()
    d.hear(1, cadence_s=60)
    d.hear(1, cadence_s=60, confirmed=True)
    said = d.hear(2, cadence_s=5)
    assert (said.about, said.state) == (2, "refused")
    assert said.reasons == ("cadence_s 5: must be a whole number from 10 to 86400 s",)
    assert d.sampler.cadence_s == 60
    garbage = b"\xff{"
    d.part.heard("desired", garbage, d)
    assert d.said[-1].reasons[0].startswith("not understood")


def test_unknown_and_unused_settings_are_told():
    said = Device().hear(1, siren__loud=True, heater__after_h=5.0, cadence_s=1800)
    assert said.unknown == ("siren.loud",)
    assert said.unused == ("heater.after_h",)
    assert said.state == "settling"


def test_a_setting_that_cannot_be_put_in_force_is_taken_back():
    class Brittle:
        installed = {"log.level": "info"}  # noqa: RUF012

        def apply(self, settings):
            if settings["log.level"] == "debug":
                raise RuntimeError("no such handler")

    d = Device(extra=[Brittle()])
    said = d.hear(1, log__level="debug")
    assert (said.version, said.about, said.state) == (0, 1, "rolled_back")
    assert "no such handler" in said.reasons[0]


def test_a_setting_that_ends_the_program_at_its_start_is_taken_back():
    class Deadly:
        installed = {"log.level": "info"}  # noqa: RUF012

        def apply(self, settings):
            if settings["log.level"] == "debug":
                raise SystemExit(1)

    d = Device(extra=[Deadly()])
    with pytest.raises(SystemExit):
        d.hear(1, log__level="debug")
    for _ in range(3):
        with pytest.raises(SystemExit):
            d.start()
    d.start()
    d.part.connected(d)
    assert (d.said[-1].version, d.said[-1].about, d.said[-1].state) == (0, 1, "rolled_back")
    assert "did not come to rest" in d.said[-1].reasons[0]


def test_what_is_not_heard_is_said_after_the_next_connection():
    d = Device()
    d.is_up = False
    d.part.heard("desired", msgspec.json.encode(Desired(version=1, settings={})), d)
    assert d.said == []
    d.is_up = True
    d.part.connected(d)
    assert d.said[-1].version == 1


@pytest.mark.parametrize("how", ["before", "half", "after"])
@pytest.mark.parametrize("step", range(1, 13))
def test_a_power_cut_between_any_two_writes(tmp_path, step, how):
    """Heard, lived, confirmed: four writes of three steps. At any of them the power goes; then it goes on."""
    path = tmp_path / "settings.json"
    d = Device(FileCard(path))
    d.hear(1, cadence_s=60)
    d.hear(1, cadence_s=60, confirmed=True)
    d.card = FileCard(path, Dying(step, how))
    try:
        d.start()  # writes that it started
        d.wait(31.0)  # and that it came to rest
        d.hear(2, cadence_s=120)
        d.hear(2, cadence_s=120, confirmed=True)
    except PowerCut:
        d.card, d.now_s = FileCard(path), 0.0
        d.start()
    assert d.sampler.cadence_s == d.part.memory.in_force.settings["cadence_s"]
    assert d.sampler.cadence_s in (60, 120), "on the old version or the new one"
    assert d.part.memory.good.version in (1, 2)
    d.part.connected(d)
    assert d.hear(2, cadence_s=120).version == 2
    d.hear(2, cadence_s=120, confirmed=True)  # the server confirms what it has heard of, again where it must
    assert d.wait(61.0).state == "applied"
    assert d.sampler.cadence_s == 120


def test_a_card_that_takes_nothing_refuses_the_change():
    class Full(MemoryCard):
        def write(self, memory):
            raise CardError("the card is full")

    d = Device(Full())
    said = d.hear(1, cadence_s=60)
    assert (said.version, said.about, said.state, said.reasons) == (0, 1, "refused", ("the card is full",))
    assert d.sampler.cadence_s == 1800


class Spoilt(MemoryCard):
    """Takes nothing more from a moment on."""

    def __init__(self) -> None:
        super().__init__()
        self.takes, self.tries = True, 0

    def write(self, memory):
        self.tries += 1
        if not self.takes:
            raise CardError("the card is full")
        super().write(memory)


def test_a_full_card_does_not_keep_a_device_on_what_cut_it_off():
    card = Spoilt()
    d = Device(card)
    d.hear(1, cadence_s=120)
    card.takes = False
    said = d.wait(61.0)
    assert (said.version, said.about, said.state) == (0, 1, "rolled_back")
    assert d.sampler.cadence_s == 1800


def test_a_full_card_is_not_tried_and_told_at_each_turn():
    card = Spoilt()
    d = Device(card)
    d.hear(1, calibration__temperature_c__offset=0.5)
    d.wait(31.0)
    card.takes = False
    d.start()  # it can't count this start
    d.part.connected(d)
    told, tries = len(d.said), card.tries
    for _ in range(100):
        d.wait(1.0)
    assert len(d.said) - told <= 1
    assert card.tries - tries <= 1
    assert d.said[-1].state == "applied"
    assert d.part.every_s >= 30.0


def test_without_a_network_the_loop_sleeps():
    d = Device()
    d.hear(1, calibration__temperature_c__offset=0.5)
    d.wait(31.0)
    d.start()
    d.is_up = False
    d.wait(31.0)
    assert d.part.is_busy, "there is something to say"
    assert d.part.every_s >= 30.0
    d.is_up = True
    d.part.connected(d)
    assert not d.part.is_busy


def test_a_document_that_is_nested_too_deep_ends_nothing():
    d = Device()
    deep = b"[" * 200_000 + b"]" * 200_000
    d.part.heard("desired", b'{"version": 1, "settings": {}, "more": ' + deep + b"}", d)
    assert (d.said[-1].version, d.said[-1].state) == (0, "refused")


@pytest.mark.parametrize("rests", [True, False])
def test_a_new_firmware_that_ends_at_its_start_costs_no_settings(rests: bool):
    d = Device()
    d.hear(1, calibration__temperature_c__offset=0.5)
    if rests:
        d.wait(31.0)
    for _ in range(8):
        d.start(is_blamed=False)
    d.start()
    d.part.connected(d)
    assert d.wait(31.0).version == 1
    assert d.said[-1].state == "applied"
