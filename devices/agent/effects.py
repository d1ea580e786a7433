"""What settings do on a device: each effect is given all that is set, and acts on its own part of it.

An effect may be given the same again and does nothing then. One that raises makes the version be taken back. Those of a frog
are in :mod:`devices.agent.frog_effects`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from devices.agent.broker import BrokerAddress
from devices.agent.credential import write
from devices.agent.sampler import Sampler
from devices.contract.kind import Kind
from devices.contract.settings.check import as_reported, digest_of
from devices.contract.settings.declared import GAIN_MOST, corrected, settings_of
from devices.contract.settings.model import Settings, Value

_DRY_AFTER_H = 12.0
"""Where the file of no sensor says and the settings switch the heater on [h]."""


class Effect(Protocol):
    """Acts on some settings."""

    @property
    def installed(self) -> Settings:
        """The settings that it acts on, as they are where nobody sets them."""
        ...

    def apply(self, settings: Settings) -> None:
        """Make the device so; ``settings`` has a value for each name of :attr:`installed`."""
        ...


class Effects:
    """All of a device's."""

    def __init__(self, kind: Kind, effects: Sequence[Effect]) -> None:
        self._declared = settings_of(kind)
        self._effects = effects
        self._installed: dict[str, Value] = {}
        for effect in effects:
            self._installed |= {n: v for n, v in effect.installed.items() if n in self._declared}

    def apply(self, settings: Settings) -> None:
        """Make the device as the settings say; what they do not name is as installed."""
        whole = {**self._installed, **settings}
        for effect in self._effects:
            effect.apply(whole)

    def in_force(self, settings: Settings) -> dict[str, Value]:
        """Return what the device reports: all that it has something for, with the digest of certificates."""
        whole = {n: settings.get(n, v) for n, v in self._installed.items()}
        return {n: as_reported(self._declared[n], v) for n, v in whole.items() if v != ""}

    def unused(self, settings: Settings) -> tuple[str, ...]:
        """Return the names of what is set and changes nothing here."""
        return tuple(sorted(settings.keys() - self._installed.keys()))


class CadenceEffect:
    """How often it measures."""

    def __init__(self, sampler: Sampler, clock: Callable[[], float]) -> None:
        self._sampler = sampler
        self._clock = clock
        self.installed: Settings = {"cadence_s": round(sampler.cadence_s)}

    def apply(self, settings: Settings) -> None:
        """Measure at that interval, on the sampler's clock."""
        cadence_s = float(settings["cadence_s"])
        if cadence_s != self._sampler.cadence_s:
            self._sampler.measure_every(cadence_s, self._clock())


class CalibrationEffect:
    """Gain and offset of what it measures."""

    def __init__(self, sampler: Sampler, kind: Kind) -> None:
        self._sampler = sampler
        self._fields = tuple(f.name for f in corrected(kind))
        self.installed: Settings = {
            f"calibration.{name}.{what}": value
            for name in self._fields
            for what, value in (("offset", 0.0), ("gain", 1.0))
        }

    def apply(self, settings: Settings) -> None:
        """Correct fields whose gain is not 1 or whose offset is not 0."""
        found = {
            name: (float(settings[f"calibration.{name}.gain"]), float(settings[f"calibration.{name}.offset"]))
            for name in self._fields
        }
        assert all(0.0 < gain <= GAIN_MOST for gain, _ in found.values()), "checked before"
        self._sampler.correct({name: pair for name, pair in found.items() if pair != (1.0, 0.0)})


@runtime_checkable
class Dryable(Protocol):
    """A sensor whose chip can be dried with its heater; ``dry_after_h``: as its file says, None: never."""

    @property
    def dry_after_h(self) -> float | None:
        """After so many hours near 100 % as it was installed [h]."""
        ...

    def dry_after(self, hours: float | None) -> None:
        """Dry it after so many hours near 100 %; None: never."""
        ...


class HeaterEffect:
    """Drying of humidity chips."""

    def __init__(self, sensors: Iterable[object]) -> None:
        self._sensors = [s for s in sensors if isinstance(s, Dryable)]
        hours = [s.dry_after_h for s in self._sensors if s.dry_after_h is not None]
        self.installed: Settings = (
            {"heater.enabled": bool(hours), "heater.after_h": min(hours, default=_DRY_AFTER_H)}
            if self._sensors
            else {}
        )

    def apply(self, settings: Settings) -> None:
        """Tell each of them; where nobody sets anything each is as its own file says."""
        if not self._sensors:
            return
        as_installed = all(settings[name] == value for name, value in self.installed.items())
        hours = float(settings["heater.after_h"]) if settings["heater.enabled"] else None
        for sensor in self._sensors:
            sensor.dry_after(sensor.dry_after_h if as_installed else hours)


class LogEffect:
    """What is logged."""

    def __init__(self, set_level: Callable[[str], None], installed: str) -> None:
        self._set_level = set_level
        self._level = installed
        self.installed: Settings = {"log.level": installed}

    def apply(self, settings: Settings) -> None:
        """Log from that level on."""
        level = str(settings["log.level"])
        if level != self._level:
            self._set_level(level)
            self._level = level


class BrokerEffect:
    """Where it connects to.

    Args:
        move: has the link leave its broker and connect to another one.
        address: returns where and as whom the device connects as installed; asked each time, for its credential may change.
        folder: where certificates that are set are kept.
    """

    def __init__(
        self, move: Callable[[BrokerAddress], None], address: Callable[[], BrokerAddress], folder: Path
    ) -> None:
        self._move = move
        self._installed_at = address
        self._folder = folder
        address_now = address()
        self._now = _where(address_now)
        ca = "" if address_now.tls_ca is None else _text(address_now.tls_ca)
        self.installed: Settings = {
            "broker.host": address_now.host, "broker.port": address_now.port, "broker.ca": ca,
        }  # fmt: skip

    def apply(self, settings: Settings) -> None:
        """Connect there; ValueError where the password would go there in the clear."""
        address, pem = self._installed_at(), str(settings["broker.ca"])
        asked = broker_of(settings, address, self._folder)
        if asked.tls_ca is not None and pem != self.installed["broker.ca"] and _text(asked.tls_ca) != pem:
            write(asked.tls_ca, pem)  # what a power cut left of it counts for nothing
        if _where(asked) != self._now:
            if asked.in_the_clear and not address.in_the_clear:
                raise ValueError(
                    f"broker.host {asked.host!r} without broker.ca: the password would go in the clear"
                )
            self._now = _where(asked)
            self._move(asked)


def broker_of(settings: Settings, installed: BrokerAddress, folder: Path) -> BrokerAddress:
    """Return where a device with these settings connects to; what they do not name is as installed.

    Args:
        settings: some or all.
        installed: as the device's file says.
        folder: where the authority's certificate of the settings is kept.
    """
    pem, tls_ca = settings.get("broker.ca"), installed.tls_ca
    if pem is not None and pem != ("" if tls_ca is None else _text(tls_ca)):
        tls_ca = folder / f"broker-ca-{digest_of(str(pem))}.pem"
    host, port = settings.get("broker.host", installed.host), settings.get("broker.port", installed.port)
    return replace(installed, host=str(host), port=int(port), tls_ca=tls_ca)


def is_same_broker(one: BrokerAddress, other: BrokerAddress) -> bool:
    """Whether host, port and authority are the same."""
    return _where(one) == _where(other)


def _where(address: BrokerAddress) -> tuple[str, int, Path | None]:
    return (address.host, address.port, address.tls_ca)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""  # whoever connects says what is wrong with it


def defaults_of(kind: Kind) -> Mapping[str, Value]:
    """Return the declared defaults of a kind's settings, of those that have one."""
    return {n: s.default for n, s in settings_of(kind).items() if s.default is not None}
