"""Builds a device's sensors from its configuration: driver, retries, drying, stuck values, calibration, plausibility."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from devices.agent import sensor_sections as s
from devices.agent.sensor_check import names_of
from devices.contract.kind import Kind
from devices.drivers.base import Heater, Sensor
from devices.drivers.boards import Boards, number_of
from devices.drivers.bus import Board
from devices.drivers.care.adjust import Adjusted, Line, SelfHeating
from devices.drivers.care.drying import Drying, Rule
from devices.drivers.care.named import Named
from devices.drivers.care.plausible import STEPS, Plausible
from devices.drivers.care.retry import Retrying
from devices.drivers.care.stuck import StuckWatch

_AIR_AGE_S = 3600.0
_SHT3X_PULSE_S = 60.0


@dataclass(frozen=True, slots=True)
class Times:
    """Monotonic time [s] and how to wait."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Built:
    """A sensor that is ready to be read, and what to call it."""

    label: str
    section: s.Section
    sensor: Sensor


class Latest:
    """The newest value of each field, so that one driver can use what another measured."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._values: dict[str, tuple[float, float]] = {}

    def tell(self, values: Mapping[str, float]) -> None:
        """Remember values by field name."""
        now_s = self._clock()
        self._values.update({name: (value, now_s) for name, value in values.items()})

    def get(self, field: str | None, otherwise: float) -> float:
        """Return a field's value if it is of the last hour."""
        value, at_s = self._values.get(field or "", (otherwise, -float("inf")))
        return value if self._clock() - at_s <= _AIR_AGE_S else otherwise


@dataclass(frozen=True, slots=True)
class _Bottom:
    """A driver, and how its bus is opened again."""

    driver: Sensor
    reopen: Callable[[], None] = lambda: None


def build_sensors(
    sections: Sequence[s.Section],
    kind: Kind | None,
    boards: Boards | None = None,
    times: Times = Times(),
) -> list[Built]:
    """Return the sensors in the order of ``sections``; without a kind values keep the drivers' names.

    Raises:
        ConfigurationError: a bus that can't be opened, or a library that is missing.
    """
    boards = boards or Boards()
    latest = Latest(times.clock)
    return [_built(section, kind, boards.of(section.bus), times, latest) for section in sections]


def _built(section: s.Section, kind: Kind | None, board: Board, times: Times, latest: Latest) -> Built:
    bottom = _MAKERS[type(section)](section, board, times, latest)
    sensor: Sensor = Retrying(bottom.driver, section.tries, bottom.reopen, times.sleep, section.REST_S)
    sensor = StuckWatch(sensor, section.stuck_limit)
    drying = _drying(section, sensor, bottom.driver, times)
    sensor = drying or sensor
    sensor = _adjusted(section, sensor)
    names = {value: value for value in section.GIVES} if kind is None else names_of(section, kind)
    sensor = Named(sensor, names)
    if kind is not None:
        steps = {name: STEPS[name] for name in names.values() if name in STEPS and section.check_steps}
        sensor = Plausible(sensor, kind.by_name, steps, times.clock)
    label = f"{section.driver} {section.place}"
    told = (
        _Told(sensor, latest) if drying is None else _DriedTold(sensor, latest, drying, _dry_after_h(section))
    )
    return Built(label, section, told)


@dataclass(frozen=True, slots=True)
class _Told:
    """Tells the others what was read."""

    sensor: Sensor
    latest: Latest

    def read(self) -> Mapping[str, float]:
        values = self.sensor.read()
        self.latest.tell(values)
        return values


@dataclass(frozen=True, slots=True)
class _DriedTold(_Told):
    """One whose chip has a heater; settings of the fleet say when it is used (devices/agent/effects.py)."""

    drying: Drying
    dry_after_h: float | None

    def dry_after(self, hours: float | None) -> None:
        self.drying.dry_after(hours)


def _dry_after_h(section: s.Section) -> float | None:
    return section.dry_after_h if isinstance(section, s.ShtSection) else None


def _drying(section: s.Section, sensor: Sensor, driver: Sensor, times: Times) -> Drying | None:
    if not isinstance(section, s.ShtSection):
        return None
    pulse_s = 1.1 if isinstance(section, s.Sht4xSection) else _SHT3X_PULSE_S
    rule = Rule(None if section.dry_after_h is None else section.dry_after_h * 3600.0, pulse_s)
    return Drying(sensor, cast("Heater", driver), rule, times.clock)


def _adjusted(section: s.Section, sensor: Sensor) -> Sensor:
    lines = {
        value: Line(section.gain.get(value, 1.0), section.offset.get(value, 0.0)) for value in section.GIVES
    }
    heating = SelfHeating()
    if isinstance(section, s.AirSection):
        heating = SelfHeating(section.self_heating_k, section.self_heating_full_load_k)
    if all(line == Line() for line in lines.values()) and heating == SelfHeating():
        return sensor
    return Adjusted(sensor, lines, heating)


def _sht4x(section: s.Sht4xSection, board: Board, times: Times, _: Latest) -> _Bottom:
    from devices.drivers.sht4x import Sht4x

    bus = board.i2c(number_of(section.bus))
    return _Bottom(Sht4x(bus, section.address, times.sleep), bus.reopen)


def _sht3x(section: s.Sht3xSection, board: Board, times: Times, _: Latest) -> _Bottom:
    from devices.drivers.sht3x import Sht3x

    bus = board.i2c(number_of(section.bus))
    return _Bottom(Sht3x(bus, section.address, times.sleep), bus.reopen)


def _bme280(section: s.Bme280Section, board: Board, times: Times, _: Latest) -> _Bottom:
    from devices.drivers.bme280 import Bme280

    bus = board.i2c(number_of(section.bus))
    return _Bottom(Bme280(bus, section.address, times.sleep), bus.reopen)


def _mlx90614(section: s.Mlx90614Section, board: Board, times: Times, _: Latest) -> _Bottom:
    from devices.drivers.mlx90614 import Mlx90614

    bus = board.i2c(number_of(section.bus))
    return _Bottom(Mlx90614(bus, section.address, section.emissivity), bus.reopen)


def _vl53l1x(section: s.Vl53l1xSection, board: Board, times: Times, _: Latest) -> _Bottom:
    from devices.drivers.vl53l1x import Vl53l1x

    bus = board.i2c(number_of(section.bus))
    return _Bottom(Vl53l1x(bus, section.address, times.sleep), bus.reopen)


def _ds18b20(section: s.Ds18b20Section, board: Board, times: Times, _: Latest) -> _Bottom:
    from devices.drivers.ds18b20 import Ds18b20

    return _Bottom(Ds18b20(section.rom, "temperature_c", board.files()))


def _dht22(section: s.Dht22Section, board: Board, times: Times, _: Latest) -> _Bottom:
    from devices.drivers.dht22 import Dht22Kernel, Dht22Pin

    if section.pin is None:
        return _Bottom(Dht22Kernel(board.files(), section.device))
    return _Bottom(Dht22Pin(board.pins(), section.pin))


def _hcsr04(section: s.Hcsr04Section, board: Board, times: Times, latest: Latest) -> _Bottom:
    from devices.drivers.hcsr04 import HcSr04

    def air_c() -> float:
        return latest.get(section.air_from, section.air_temperature_c)

    return _Bottom(HcSr04(board.pins(), section.trigger, section.echo, air_c, section.samples, times.sleep))


def _a02yyuw(section: s.A02yyuwSection, board: Board, times: Times, _: Latest) -> _Bottom:
    from devices.drivers.a02yyuw import A02yyuw

    port = board.serial(section.port, section.baud)
    driver = A02yyuw(port, section.port, section.samples, clock=times.clock)
    return _Bottom(driver, port.reopen)


def _gps(section: s.GpsSection, board: Board, times: Times, _: Latest) -> _Bottom:
    from devices.drivers.gps import Gps

    port = board.serial(section.port, section.baud)
    return _Bottom(Gps(port, section.port, section.hdop_limit, clock=times.clock), port.reopen)


_S = TypeVar("_S", bound=s.Section)


def _maker(
    make: Callable[[_S, Board, Times, Latest], _Bottom],
) -> Callable[[s.Section, Board, Times, Latest], _Bottom]:
    return cast("Callable[[s.Section, Board, Times, Latest], _Bottom]", make)


_MAKERS: Mapping[type[s.Section], Callable[[s.Section, Board, Times, Latest], _Bottom]] = {
    s.Sht4xSection: _maker(_sht4x),
    s.Sht3xSection: _maker(_sht3x),
    s.Bme280Section: _maker(_bme280),
    s.Mlx90614Section: _maker(_mlx90614),
    s.Vl53l1xSection: _maker(_vl53l1x),
    s.Ds18b20Section: _maker(_ds18b20),
    s.Dht22Section: _maker(_dht22),
    s.Hcsr04Section: _maker(_hcsr04),
    s.A02yyuwSection: _maker(_a02yyuw),
    s.GpsSection: _maker(_gps),
}
