"""The decoders of ours by name: what a codec of the language ``native`` names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ingest.core.lorawan.decoded import Decoded, DecodeError
from ingest.core.lorawan.native import decentlab, dingtek, dragino, milesight

Decoder = Callable[[bytes, int, Mapping[str, Any]], Decoded]
"""Bytes, port, installation parameters to what they say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Native:
    """A decoder.

    Attributes:
        name: by which codecs name it.
        title: models, for a person.
        kind: kind of device that its fields are of.
        ports: on which its frames come; others are refused.
        decode: the decoder itself.
        interval: name of the downlink that sets its reporting interval; empty: none is known.
    """

    name: str
    title: str
    kind: str
    ports: tuple[int, ...]
    decode: Decoder
    interval: str = ""


_ALL = (
    Native(
        name="milesight-distance",
        title="Milesight EM310-UDL, EM400-UDL/MUD/TLD, EM410-RDL",
        kind="bin",
        ports=(milesight.PORT,),
        decode=milesight.distance,
        interval="milesight-interval",
    ),
    Native(
        name="dingtek-df702",
        title="Dingtek DF702",
        kind="bin",
        ports=(dingtek.PORT,),
        decode=dingtek.df702,
        interval="dingtek-interval",
    ),
    Native(
        name="dragino-ldds75",
        title="Dragino LDDS75, DDS75-LB",
        kind="bin",
        ports=dragino.PORTS,
        decode=dragino.ldds75,
        interval="dragino-interval",
    ),
    Native(
        name="decentlab-dl-wrm",
        title="Decentlab DL-WRM, winter road",
        kind="road",
        ports=(decentlab.PORT,),
        decode=decentlab.winter_road,
    ),
    Native(
        name="decentlab-dl-itst",
        title="Decentlab DL-ITST, infrared surface temperature",
        kind="road_surface",
        ports=(decentlab.PORT,),
        decode=decentlab.infrared,
    ),
    Native(
        name="decentlab-dl-ds18",
        title="Decentlab DL-DS18, temperature probe",
        kind="road_surface",
        ports=(decentlab.PORT,),
        decode=decentlab.probe,
    ),
    Native(
        name="milesight-em500-pt100",
        title="Milesight EM500-PT100, temperature probe",
        kind="road_surface",
        ports=(milesight.PORT,),
        decode=milesight.pt100,
        interval="milesight-interval",
    ),
)

NATIVE: Mapping[str, Native] = MappingProxyType({one.name: one for one in _ALL})


def decode(name: str, payload: bytes, f_port: int, installation: Mapping[str, Any]) -> Decoded:
    """Return what ``payload`` says.

    Raises:
        DecodeError: there is no such decoder, the port is none of its, or the bytes are not what it reads.
    """
    native = NATIVE.get(name)
    if native is None:
        raise DecodeError(f"there is no decoder {name!r}; there are {', '.join(NATIVE)}")
    if f_port not in (0, *native.ports):  # 0: not told
        raise DecodeError(
            f"port {f_port}; its measurements come on port {' or '.join(map(str, native.ports))}"
        )
    return native.decode(payload, f_port, installation)
