"""The settings that there are. Add one here, and what it does in :mod:`devices.agent.effects`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType

from devices.contract.kind import Field, Kind
from devices.contract.settings.model import Setting

FROG = frozenset({"frog"})
MEASURING, CALIBRATION, EYES, JUDGEMENT = "Measuring", "Calibration", "Eyes", "What the frog thinks"
HEATER, LOG, BROKER = "Heater", "Log", "Broker"

_OFFSET_MOST: Mapping[str, float] = {"°C": 10.0, "%": 20.0, "hPa": 20.0, "mm": 500.0, "V": 2.0}
"""Largest correction by unit: what needs more is broken, not out of calibration."""
_OFFSET_SHARE = 0.1
"""Of another unit the largest correction, as a share of the field's range."""
_NOT_CORRECTED = frozenset({"latitude_deg", "longitude_deg"})
GAIN_LEAST, GAIN_MOST = 0.5, 2.0

_COMMON = (
    Setting(
        name="cadence_s", type="integer", section=MEASURING, unit="s", minimum=10, maximum=86_400, cuts_off=True,
        title="Interval between readings",
        description="A long one saves power; silence is judged by it too.",
    ),
)  # fmt: skip


def _hour(name: str, title: str, default: int, description: str) -> Setting:
    return Setting(
        name=name, type="integer", section=EYES, unit="h", minimum=0, maximum=23, default=default, kinds=FROG,
        title=title, description=description,
    )  # fmt: skip


def _blink(mood: str, on_s: float, off_s: float, why: str) -> tuple[Setting, Setting]:
    return (
        Setting(
            name=f"eyes.{mood}_on_s", type="number", section=EYES, unit="s", minimum=0, maximum=5, default=on_s, kinds=FROG,
            title=f"Lit, when the frog is in the mood “{mood}”", description=f"{why} 0 keeps the eyes dark in this mood.",
        ),
        Setting(
            name=f"eyes.{mood}_off_s", type="number", section=EYES, unit="s", minimum=0.2, maximum=60, default=off_s, kinds=FROG,
            title=f"Dark between, in the mood “{mood}”",
            description="Lit and dark together last a third of a second or more: quicker flashes can harm (WCAG 2.2, 2.3.1).",
        ),
    )  # fmt: skip


_EYES = (
    Setting(
        name="eyes.enabled", type="flag", section=EYES, default=True, kinds=FROG,
        title="Eyes show the mood", description="Without it they stay dark but for the answer to a press of the button.",
    ),
    _hour("eyes.dark_from_h", "Dark from", 22, "Local hour from which the eyes stay dark for the night."),
    _hour("eyes.dark_until_h", "Dark until", 7, "Local hour at which that ends; equal hours: never dark."),
    *_blink("calm", 0.0, 1.0, "All is well."),
    *_blink("look", 0.2, 9.8, "Something could be better: a short wink."),
    *_blink("act", 1.0, 1.0, "Something should be done now."),
)  # fmt: skip


def _limit(name: str, title: str, unit: str, least: float, most: float, default: float, why: str) -> Setting:
    return Setting(
        name=f"judge.{name}", type="number", section=JUDGEMENT, unit=unit, minimum=least, maximum=most, default=default,
        kinds=FROG, title=title, description=why,
    )  # fmt: skip


_JUDGEMENT = (
    _limit("wall_look_pct", "Look: humidity at the wall", "%", 40, 95, 70.0, "Mean of half an hour, where there is a probe."),
    _limit("wall_act_pct", "Act: humidity at the wall", "%", 50, 100, 80.0, "Mean of three hours; above the one for look."),
    _limit("air_look_pct", "Look: humidity of the air", "%", 40, 95, 60.0, "Mean of half an hour, without a probe."),
    _limit("air_act_pct", "Act: humidity of the air", "%", 50, 100, 70.0, "Mean of three hours; above the one for look."),
    _limit("cold_c", "Cold: temperature below", "°C", 5, 21, 16.0, "Mean of half an hour."),
)  # fmt: skip

_REST = (
    Setting(
        name="heater.enabled", type="flag", section=HEATER, default=True,
        title="Dry the humidity chip",
        description="A chip that was near 100 % for hours reads too high until its heater has dried it.",
    ),
    Setting(
        name="heater.after_h", type="number", section=HEATER, unit="h", minimum=1, maximum=168, default=12.0,
        title="Dry after so long near 100 %", description="While it is warm nothing of it is measured.",
    ),
    Setting(
        name="log.level", type="choice", section=LOG, choices=("debug", "info", "warning", "error"), default="info",
        title="Log", description="Least level that the device writes to its own log.",
    ),
    Setting(
        name="broker.host", type="text", section=BROKER, cuts_off=True, command_only=True, longest=253,
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$",
        title="Broker's host", description="Name or address of the broker that the device connects to.",
    ),
    Setting(
        name="broker.port", type="integer", section=BROKER, minimum=1, maximum=65_535, cuts_off=True, command_only=True,
        title="Broker's port", description="8883 is usual with TLS.",
    ),
    Setting(
        name="broker.ca", type="pem", section=BROKER, cuts_off=True, command_only=True, longest=16_384,
        title="Broker's authority", description="Certificates of who signed the broker's; public, no secret.",
    ),
)  # fmt: skip


def _correction(f: Field) -> tuple[Setting, Setting]:
    unit = f.quantity.symbol
    most = _OFFSET_MOST.get(unit, (f.maximum - f.minimum) * _OFFSET_SHARE)
    return (
        Setting(
            name=f"calibration.{f.name}.offset", type="number", section=CALIBRATION, unit=unit, minimum=-most, maximum=most,
            default=0.0, title=f"{f.title}: offset", description="Added to what the sensor gave, after the gain.",
        ),
        Setting(
            name=f"calibration.{f.name}.gain", type="number", section=CALIBRATION, minimum=GAIN_LEAST, maximum=GAIN_MOST,
            default=1.0, title=f"{f.title}: gain", description="What the sensor gave is multiplied by it.",
        ),
    )  # fmt: skip


def corrected(kind: Kind) -> tuple[Field, ...]:
    """Return the fields of a kind that a device can correct: measured ones, no codes and no positions."""
    return tuple(f for f in kind.fields if not f.codes and f.name not in _NOT_CORRECTED)


def settings_of(kind: Kind) -> Mapping[str, Setting]:
    """Return the settings of a kind by name, in the order in which they are shown."""
    known = _made.get(kind.name)
    if known is not None and known[0] is kind:
        return known[1]
    made = [s for f in corrected(kind) for s in _correction(f)]
    every = (*_COMMON, *made, *_EYES, *_JUDGEMENT, *_REST)
    found = MappingProxyType({s.name: s for s in every if not s.kinds or kind.name in s.kinds})
    _made[kind.name] = (kind, found)
    return found


_made: dict[str, tuple[Kind, Mapping[str, Setting]]] = {}
"""Worked out once: a simulated fleet asks for each of its devices."""


def settings_of_any(kinds: Iterable[Kind]) -> Mapping[str, Setting]:
    """Return the settings of any of some kinds: of a name that several have, the widest limits."""
    found: dict[str, Setting] = {}
    for kind in kinds:
        for name, setting in settings_of(kind).items():
            found[name] = setting if name not in found else _widest(found[name], setting)
    return MappingProxyType(found)


def _widest(one: Setting, other: Setting) -> Setting:
    if one.minimum is None or other.minimum is None or one.maximum is None or other.maximum is None:
        return one
    return one if one.maximum - one.minimum >= other.maximum - other.minimum else other


@cache
def command_only() -> frozenset[str]:
    """Return the names of settings that only the command on the server sets."""
    return frozenset(s.name for s in _REST if s.command_only)
