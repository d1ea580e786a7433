"""Every decoder of bytes from outside, as a function of any bytes: it gives a value or refuses in its own words.

One table for both engines: hypothesis, in every run of the tests, and atheris for an hour (``scripts/fuzz.py``).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from devices.contract.claim_code import plain_code
from devices.contract.kind import discover
from devices.contract.messages import Diary, Receipt, Status
from devices.contract.senml.cbor import read_cbor
from devices.contract.senml.json import read_json
from devices.contract.senml.labels import SenmlError
from devices.contract.senml.resolve import resolve
from devices.contract.settings.messages import Reported, read_desired
from devices.contract.topics import parse as parse_topic
from devices.contract.update.container import read_head
from devices.contract.update.manifest import BundleError, read_keys, read_manifest
from devices.contract.update.messages import read_piece
from devices.drivers import a02yyuw, bme280_math, dht22, ds18b20, mlx90614, nmea, sht3x, sht4x, vl53l1x
from devices.drivers.base import SensorError
from ingest.core.lorawan import chirpstack, ttn
from ingest.core.lorawan.apply_map import apply_map
from ingest.core.lorawan.decoded import DecodeError
from ingest.core.lorawan.events import EnvelopeError
from ingest.core.lorawan.example import ExampleError, read_example
from ingest.core.lorawan.field_map import MapError, read_map
from ingest.core.lorawan.native.catalogue import NATIVE

Target = Callable[[bytes], object]
KINDS = discover()
_MAP = read_map(
    {"fields": {"distance_mm": {"from": "a.b[0]", "unit": "cm"}, "battery_pct": {"from": "battery"}}},
    KINDS["bin"],
)
_NOW_S = 1_767_225_600.0


def _split(data: bytes, at: int) -> tuple[bytes, bytes]:
    return data[:at], data[at:]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _bme280(data: bytes) -> object:
    low, rest = _split(data, 26)
    high, block = _split(rest, 7)
    return bme280_math.decode(block, bme280_math.calibration_of(low, high))


def _serial(data: bytes) -> object:
    frames, _ = a02yyuw.split(data)
    return [a02yyuw.decode(frame) for frame in frames]


def _gps(data: bytes) -> object:
    first, _, second = data.decode("latin-1").partition("\n")
    return nmea.fix_of(nmea.sentence_of(first), nmea.sentence_of(second), 5.0)


def _native(name: str, data: bytes) -> object:
    port, payload = (data[0], data[1:]) if data else (0, data)
    native = NATIVE[name]
    f_port = port if port not in (0, 255) else native.ports[0]
    return native.decode(payload, f_port, {})


def _mapped(data: bytes) -> object:
    try:
        decoded: Any = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise DecodeError(str(e)) from e
    return apply_map(_MAP, decoded) if isinstance(decoded, dict) else None


def _map_itself(data: bytes) -> object:
    try:
        spec: Any = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise MapError(str(e)) from e
    return read_map(spec, KINDS["bin"])


def _json(kind: type[msgspec.Struct], data: bytes) -> object:
    return msgspec.json.decode(data, type=kind)


REFUSALS = (
    SensorError, DecodeError, EnvelopeError, ExampleError, MapError, SenmlError, BundleError, msgspec.DecodeError,
    UnicodeDecodeError,
)  # fmt: skip
"""How a decoder may say no. Anything else that it raises is a fault."""

TARGETS: Mapping[str, Target] = {
    "sht3x": sht3x.decode,
    "sht4x": sht4x.decode,
    "bme280": _bme280,
    "dht22": dht22.decode,
    "dht22 pulses": lambda data: dht22.decode(dht22.bits_of([float(b) for b in data])),
    "ds18b20": ds18b20.decode,
    "mlx90614": lambda data: mlx90614.temperature_c(mlx90614.decode(data, 0x5A, 0x07), "object"),
    "a02yyuw": _serial,
    "vl53l1x": vl53l1x.decode,
    "gps": _gps,
    "claim code": lambda data: plain_code(_text(data)),
    "topic": lambda data: parse_topic(_text(data)),
    "receipt": partial(_json, Receipt),
    "status": partial(_json, Status),
    "diary": partial(_json, Diary),
    "desired": read_desired,
    "reported": partial(_json, Reported),
    "bundle": lambda data: read_head(io.BytesIO(data)),
    "manifest": read_manifest,
    "keys": read_keys,
    "piece": read_piece,
    "senml json": lambda data: resolve(read_json(data), _NOW_S),
    "senml cbor": lambda data: resolve(read_cbor(data), _NOW_S),
    "the things stack": ttn.parse,
    "chirpstack": chirpstack.parse,
    "example": lambda data: read_example(_text(data), 85),
    "field map": _mapped,
    "field map itself": _map_itself,
    **{name: partial(_native, name) for name in NATIVE},
}
"""By name."""


def run(name: str, data: bytes) -> bool:
    """Decode; return whether there was a value. Whatever is no refusal is raised."""
    try:
        TARGETS[name](data)
    except REFUSALS:
        return False
    except ValueError:
        if name in ("desired", "reported"):  # their refusal is a plain ValueError
            return False
        raise
    return True
