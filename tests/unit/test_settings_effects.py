"""What settings do: cadence, calibration, eyes, judgement, heater, log, broker."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from devices.agent.broker import BrokerAddress
from devices.agent.effects import (
    BrokerEffect,
    CadenceEffect,
    CalibrationEffect,
    Effects,
    HeaterEffect,
    LogEffect,
    defaults_of,
)
from devices.agent.frog import Manner
from devices.agent.frog_config import EyesSection
from devices.agent.frog_effects import JudgeEffect
from devices.agent.sampler import Sampler
from devices.agent.sensor_build import build_sensors
from devices.agent.sensor_sections import Ds18b20Section, Sht4xSection
from devices.contract.kind import discover
from devices.drivers.boards import Boards
from devices.drivers.eyes import DARK, Pattern
from devices.page.judge import USUAL, Limits, opinion
from devices.page.samples import Sample

FROG = discover()["frog"]
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


class Room:
    humidity_pct = 99.0

    def read(self) -> Mapping[str, float]:
        return {"temperature_c": 20.0, "humidity_pct": self.humidity_pct}


def test_cadence_takes_effect_within_itself():
    sampler = Sampler(FROG, [Room()], 300, 1000.0)
    effect = CadenceEffect(sampler, lambda: 800.0)
    effect.apply({"cadence_s": 60})
    assert (sampler.cadence_s, sampler.due_s) == (60, 860.0)
    effect.apply({"cadence_s": 3600})
    assert (sampler.cadence_s, sampler.due_s) == (3600, 860.0), "what is due already stays due"
    effect.apply(effect.installed)
    assert sampler.cadence_s == 300


def test_calibration_is_held_to_the_range_and_hides_no_fault():
    room = Room()
    sampler = Sampler(FROG, [room], 300, 0.0)
    effect = CalibrationEffect(sampler, FROG)
    wanted = {
        **effect.installed,
        "calibration.humidity_pct.offset": 5.0,
        "calibration.temperature_c.gain": 0.9,
    }
    effect.apply(wanted)
    assert sampler.read() == {"temperature_c": 18.0, "humidity_pct": 100.0}
    room.humidity_pct = 130.0
    assert sampler.read() == {"temperature_c": 18.0, "humidity_pct": 130.0}, "a value that can't be stays one"
    effect.apply(effect.installed)
    assert sampler.read() == {"temperature_c": 20.0, "humidity_pct": 130.0}


class FakeFrog:
    manner: Manner | None = None

    def behave(self, manner: Manner) -> None:
        self.manner = manner


def test_eyes_and_judgement():
    frog = FakeFrog()
    effect = JudgeEffect(frog, EyesSection(pin=5, dark_from=21, dark_until=6), defaults_of(FROG))  # type: ignore[arg-type]
    assert (effect.installed["eyes.dark_from_h"], effect.installed["judge.cold_c"]) == (21, 16.0)
    effect.apply(effect.installed)
    assert frog.manner is not None
    assert frog.manner.limits == USUAL
    assert frog.manner.patterns == {"calm": DARK, "look": Pattern(0.2, 9.8), "act": Pattern(1.0, 1.0)}
    effect.apply({**effect.installed, "eyes.dark_from_h": 0, "eyes.dark_until_h": 0, "eyes.act_on_s": 0.0,
                  "eyes.enabled": False, "judge.wall_act_pct": 90.0})  # fmt: skip
    assert frog.manner.dark_at is not None
    assert not any(frog.manner.dark_at(hour) for hour in range(24)), "equal hours: never dark"
    assert frog.manner.patterns["act"] == DARK
    assert not frog.manner.awake
    assert frog.manner.limits.wall_act_pct == 90.0


def test_a_frog_without_eyes_has_nothing_for_them():
    effect = JudgeEffect(FakeFrog(), None, defaults_of(FROG))  # type: ignore[arg-type]
    assert not any(name.startswith("eyes.") for name in effect.installed)
    effects = Effects(FROG, [effect])
    assert effects.unused({"eyes.enabled": False, "judge.cold_c": 15.0}) == ("eyes.enabled",)


def test_the_frog_judges_by_its_limits():
    samples = [Sample(at, 1, 15.0, 65.0, None) for at in range(0, 10_800, 300)]
    usual, mild = opinion(samples, 10_500), opinion(samples, 10_500, Limits(air_look_pct=70.0, cold_c=12.0))
    assert usual is not None
    assert mild is not None
    assert (usual.mood, usual.cold, mild.mood, mild.cold) == ("look", True, "calm", False)


def test_heater():
    class Chip:
        dry_after_h: float | None = None
        hours: float | None = -1.0

        def dry_after(self, hours: float | None) -> None:
            self.hours = hours

    chip = Chip()
    effect = HeaterEffect([Room(), chip])
    effect.apply(effect.installed)
    assert chip.hours is None, "as its file says"
    effect.apply({**effect.installed, "heater.enabled": True})
    assert chip.hours == 12.0
    effect.apply({"heater.enabled": False, "heater.after_h": 5.0})
    assert chip.hours is None
    assert HeaterEffect([Room()]).installed == {}


def test_a_real_chip_is_dried_as_settings_say_and_as_its_file_says_without():
    class Wires:
        def i2c(self, number: int) -> Wires:
            return self

        def files(self) -> Wires:
            return self

        def reopen(self) -> None:
            pass

    bathroom, probe = Sht4xSection(address=0x45, dry_after_h=24.0), Ds18b20Section(rom="28-0316a2798fff")
    built = build_sensors([Sht4xSection(), bathroom, probe], None, Boards(Wires()))
    sensors: list[Any] = [one.sensor for one in built]
    effect = HeaterEffect(sensors)
    assert effect.installed == {"heater.enabled": True, "heater.after_h": 24.0}
    rules = lambda: [s.drying._rule.after_s for s in sensors[:2]]  # noqa: E731
    effect.apply(effect.installed)
    assert rules() == [None, 86_400.0]
    effect.apply({"heater.enabled": True, "heater.after_h": 6.0})
    assert rules() == [21_600.0, 21_600.0]
    effect.apply({"heater.enabled": False, "heater.after_h": 6.0})
    assert rules() == [None, None]


def test_log_level_is_set_when_it_changes():
    levels: list[str] = []
    effect = LogEffect(levels.append, "info")
    for level in ("info", "debug", "debug", "info"):
        effect.apply({"log.level": level})
    assert levels == ["debug", "info"]


@pytest.mark.parametrize("with_tls", [False, True])
def test_broker(tmp_path: Path, with_tls: bool):
    ca = tmp_path / "ca.pem"
    ca.write_text(PEM)
    installed = BrokerAddress(
        host="a.example", port=8883, username="frog-1", password="hush", tls_ca=ca if with_tls else None
    )
    moved: list[BrokerAddress] = []
    effect = BrokerEffect(moved.append, lambda: installed, tmp_path)
    effects = Effects(FROG, [effect])
    effects.apply({})
    assert moved == [], "it is there already"
    other = PEM.replace("MIIB", "MIIC")
    effects.apply({"broker.host": "b.example", "broker.ca": other})
    assert (moved[-1].host, moved[-1].port, moved[-1].password) == ("b.example", 8883, "hush")
    assert moved[-1].tls_ca is not None
    assert moved[-1].tls_ca.read_text() == other
    assert effects.in_force({"broker.ca": other})["broker.ca"].startswith("sha256:")  # type: ignore[union-attr]
    effects.apply({})
    assert moved[-1] == installed
    assert len(moved) == 2
    assert ("broker.ca" in effects.in_force({})) == with_tls


def test_a_setting_moves_no_password_into_the_clear(tmp_path: Path):
    moved: list[BrokerAddress] = []
    effect = BrokerEffect(moved.append, lambda: BrokerAddress(host="127.0.0.1"), tmp_path)
    effects = Effects(FROG, [effect])
    with pytest.raises(ValueError, match="in the clear"):
        effects.apply({"broker.host": "b.example"})
    assert moved == []
    effects.apply({"broker.host": "b.example", "broker.ca": PEM})
    assert [a.host for a in moved] == ["b.example"]
