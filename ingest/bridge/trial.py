"""A codec tried on one uplink, as far as the reading it would make: nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from devices.contract.kind import Kind
from ingest.core.lorawan.apply_map import apply_map
from ingest.core.lorawan.decoded import Decoded as Mapped
from ingest.core.lorawan.decoded import DecodeError
from ingest.core.lorawan.example import Example
from ingest.core.lorawan.field_map import MapError, read_map
from ingest.core.lorawan.native.catalogue import decode as decode_native
from ingest.sandbox.ports import Call, Codec, Decoder
from ingest.sandbox.ts013 import Payload, decode_uplinks, uplink_call


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of it.

    Attributes:
        data: the decoded object; None: there is none.
        errors, warnings: the codec's own.
        notes: what JSON could not say, an older function.
        problem: why the codec gave nothing, in words; empty: it gave something.
        readings: what would be stored, by field, with its time where the uplink says one.
        faults: why a reading would be set aside, or what of the map does not fit.
        not_measured: fields of which the uplink says that nothing was measured.
    """

    data: Mapping[str, Any] | None = None
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""
    readings: tuple[tuple[datetime | None, Mapping[str, float]], ...] = ()
    faults: tuple[str, ...] = ()
    not_measured: Mapping[str, str] = field(default_factory=dict)


def try_codec(
    decoder: Decoder, language: str, body: str, field_map: object, kind: Kind, example: Example, now: datetime
) -> Tried:
    """Return what a codec makes of an uplink. Blocks while the codec runs."""
    if language == "native":
        return _native(body, kind, example)
    if language == "map":
        if example.decoded is None:
            words = "the uplink has nothing decoded: paste a whole event of a server that decodes"
            return Tried(problem=words)
        return _mapped(Tried(data=example.decoded), field_map, kind)
    payload = Payload(example.payload, example.f_port, example.at or now)
    (found,) = decode_uplinks(decoder, Codec(body), [payload])
    tried = Tried(
        data=found.data,
        errors=found.errors,
        warnings=found.warnings,
        notes=found.notes,
        problem="" if found.problem is None else found.problem.message,
    )
    return tried if tried.data is None else _mapped(tried, field_map, kind)


def unusable(decoder: Decoder, source: str) -> str:
    """Return why JavaScript can't be kept as a codec: it does not load, or decodes no uplink; empty: it can. Blocks."""
    codec, nothing = Codec(source), uplink_call(Payload(b"", 1, datetime.fromtimestamp(0, UTC)))
    loaded, called = decoder.run(codec, [Call("load", {}), nothing])
    if loaded.problem is not None:
        is_stopped = loaded.problem.code not in ("not_loaded", "too_large")
        return f"as it is loaded: {loaded.problem.message}" if is_stopped else loaded.problem.message
    if called.problem is not None and called.problem.code == "no_function":
        return called.problem.message
    return ""  # what it makes of nothing is no matter


def _native(body: str, kind: Kind, example: Example) -> Tried:
    try:
        made = decode_native(body, example.payload, example.f_port, {})
    except DecodeError as e:
        return Tried(errors=(str(e),))
    return _read(Tried(data=dict(made.facts)), made, kind)


def _mapped(tried: Tried, field_map: object, kind: Kind) -> Tried:
    assert tried.data is not None
    try:
        made = apply_map(read_map(field_map, kind), tried.data)
    except (MapError, DecodeError) as e:
        return _with(tried, faults=(str(e),))
    return _read(tried, made, kind)


def _read(tried: Tried, made: Mapped, kind: Kind) -> Tried:
    readings = tuple((sample.at, sample.fields) for sample in made.samples)
    faults = [fault for _, fields in readings for fault in faults_of(fields, kind)]
    if not readings:
        faults.append("there is no reading in it")
    return _with(
        tried, readings=readings, faults=tuple(dict.fromkeys(faults)), not_measured=made.not_measured
    )


def _with(tried: Tried, **more: Any) -> Tried:
    return Tried(**{name: more.get(name, getattr(tried, name)) for name in Tried.__dataclass_fields__})


def faults_of(fields: Mapping[str, float], kind: Kind) -> list[str]:
    """Return why a reading would be set aside, as far as its kind says; times are not looked at."""
    faults = [f"{name}: kind {kind.name} has no such field" for name in fields if name not in kind.by_name]
    for declared in kind.fields:
        value = fields.get(declared.name)
        if value is None:
            faults += [f"{declared.name} is missing, and needed"] if declared.required else []
        elif not declared.minimum <= value <= declared.maximum:
            faults.append(
                f"{declared.name} is {value:g}, outside {declared.minimum:g} to {declared.maximum:g}"
            )
    for group in kind.at_least_one_of:
        if not set(group) & fields.keys():
            faults.append(f"{' or '.join(group)} is needed")
    return faults
