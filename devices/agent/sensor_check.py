"""Checks of the ``[[sensors]]`` that types can't say: names of fields, and what two sensors may not share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from cityops.errors import ConfigurationError
from devices.agent.sensor_sections import (
    BAUDS,
    Dht22Section,
    Ds18b20Section,
    Hcsr04Section,
    Section,
    SerialSection,
)
from devices.contract.kind import Kind
from devices.drivers.boards import is_bus_name

_FIRST_FREE_PIN = 5
_HEADER_PORTS = ("/dev/serial0", "/dev/ttyAMA0", "/dev/ttyS0")


def sensor_faults(
    sections: Sequence[Section | None], kind: Kind, pins_taken: Mapping[int, str] | None = None
) -> Iterator[str]:
    """Yield what is wrong with sections, against the device's kind and each other; each names the field, its value and what is allowed.

    Args:
        sections: in the order of the file; None: one that is wrong by its types.
        kind: of the device.
        pins_taken: GPIO pins of the button and the eyes, and what they are for.
    """
    writers: dict[str, str] = {}
    places: dict[str, str] = {}
    pins = _bus_pins(sections)
    for pin, owner in (pins_taken or {}).items():
        if pin in pins and pin >= _FIRST_FREE_PIN:  # those below are refused for any button
            yield f"{owner} {pin} is {pins[pin]} already; each needs its own pin"
        pins[pin] = owner
    known = [(number, section) for number, section in enumerate(sections) if section is not None]
    for number, section in known:
        name = f"sensors[{number}] ({section.driver})"
        for check in (
            partial(_check_section, section, name),
            partial(_check_fields, section, kind, name, writers),
            partial(_check_place, section, name, places),
            partial(_check_pins, section, name, pins),
        ):
            try:
                check()
            except ConfigurationError as e:
                yield str(e)
    if len(known) < len(sections):
        return  # what one of those writes is not known
    for number, section in known:
        if isinstance(section, Hcsr04Section) and section.air_from not in {None, *writers}:
            yield (
                f"sensors[{number}] (hcsr04).air_from {section.air_from!r}: no sensor writes it; there are "
                f"{', '.join(sorted(writers))}"
            )


def _check_fields(section: Section, kind: Kind, name: str, writers: dict[str, str]) -> None:
    for field in names_of(section, kind, name).values():
        if field in writers:
            raise ConfigurationError(
                f'{name}: {writers[field]} writes {field!r} already; leave it out with fields = {{ … = "" }} '
                "or give it to another field"
            )
        writers[field] = name


def names_of(section: Section, kind: Kind, name: str = "") -> dict[str, str]:
    """Return which field of ``kind`` each of the driver's values is; values that are none are left out.

    Raises:
        ConfigurationError: a value or a field that does not exist, or nothing is left.
    """
    unknown = section.fields.keys() - section.GIVES.keys()
    if unknown:
        raise ConfigurationError(
            f"{name}.fields: {sorted(unknown)[0]!r} is no value of it; there are {', '.join(section.GIVES)}"
        )
    chosen = {value: _field(section, value, kind) for value in section.GIVES}
    for value, field in chosen.items():
        if field and field not in kind.by_name:
            key = "field" if isinstance(section, Ds18b20Section) else f"fields.{value}"
            raise ConfigurationError(
                f"{name}.{key} {field!r} is no field of kind {kind.name}; there are {', '.join(kind.by_name)}"
            )
    names = {value: field for value, field in chosen.items() if field}
    if not names:
        raise ConfigurationError(
            f"{name} gives {', '.join(section.GIVES)}, none of which is a field of kind {kind.name}; "
            f"say fields = {{ {next(iter(section.GIVES))} = … }} with one of {', '.join(kind.by_name)}"
        )
    return names


def _field(section: Section, value: str, kind: Kind) -> str:
    if value in section.fields:
        return section.fields[value]
    if isinstance(section, Ds18b20Section):
        return section.field
    return next((field for field in section.GIVES[value] if field in kind.by_name), "")


def _check_section(section: Section, name: str) -> None:
    if isinstance(section.bus, str) and not is_bus_name(section.bus):
        raise ConfigurationError(f"{name}.bus {section.bus!r}: a number, or unix:PATH")
    for key, given in (("gain", section.gain), ("offset", section.offset)):
        for value in given.keys() - section.GIVES.keys():
            raise ConfigurationError(
                f"{name}.{key}: {value!r} is no value of it; there are {', '.join(section.GIVES)}"
            )
    for value, gain in section.gain.items():
        if not 0.5 <= gain <= 2.0:
            raise ConfigurationError(f"{name}.gain.{value} {gain:g}: 0.5 to 2")
    if isinstance(section, SerialSection) and section.baud not in BAUDS:
        raise ConfigurationError(f"{name}.baud {section.baud}: one of {', '.join(map(str, BAUDS))}")


def _check_place(section: Section, name: str, places: dict[str, str]) -> None:
    place = f"{section.bus} {section.place}"
    if place in places:
        raise ConfigurationError(
            f"{name}: {section.place} is {places[place]} already; two chips can't share it"
        )
    places[place] = name


def _bus_pins(sections: Sequence[Section | None]) -> dict[int, str]:
    """Return the pins of the header that buses have, and which."""
    pins = {0: "the HAT's memory", 1: "the HAT's memory", 2: "I²C's", 3: "I²C's"}
    if any(isinstance(section, Ds18b20Section) for section in sections):
        pins[4] = "1-wire's"
    if any(isinstance(section, SerialSection) and section.port in _HEADER_PORTS for section in sections):
        pins |= {14: "the serial line's", 15: "the serial line's"}
    return pins


def _check_pins(section: Section, name: str, pins: dict[int, str]) -> None:
    own: dict[str, int] = {}
    if isinstance(section, Hcsr04Section):
        own = {"trigger": section.trigger, "echo": section.echo}
    elif isinstance(section, Dht22Section) and section.pin is not None:
        own = {"pin": section.pin}
    for key, pin in own.items():
        if pin in pins:
            raise ConfigurationError(f"{name}.{key} {pin} is {pins[pin]} already; each needs its own pin")
        pins[pin] = f"{name}.{key}"
