"""An uplink as somebody pastes it: bytes in hexadecimal or base64, or a network server's whole event."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from ingest.core.lorawan.envelope import parse
from ingest.core.lorawan.events import EnvelopeError, Protocol, Uplink

MOST_BYTES = 255
"""Of one LoRaWAN frame are at most 242 for the application (LoRaWAN regional parameters RP002-1.0.4)."""
_BETWEEN = re.compile(r"(?:0x|[\s,:;\-\[\]])+", re.IGNORECASE)


class ExampleError(ValueError):
    """What was pasted is no uplink: the sentence says what it was taken for."""


@dataclass(frozen=True, slots=True)
class Example:
    """An uplink to try.

    Attributes:
        payload: the sensor's bytes.
        f_port: LoRaWAN port.
        at: when the network server heard it; None: not told.
        decoded: what a codec in the network server made of it; None: nothing.
        dev_eui: whose; empty: not told.
        what: what the text was taken for, for a person.
    """

    payload: bytes
    f_port: int
    at: datetime | None = None
    decoded: Mapping[str, Any] | None = None
    dev_eui: str = ""
    what: str = ""


def read_example(text: str, f_port: int) -> Example:
    """Return the uplink that ``text`` is; ``f_port`` where it does not say.

    A text that is good hexadecimal is taken for that, also where it would be good base64.

    Raises:
        ExampleError: it is neither, nor an uplink of The Things Stack or ChirpStack.
    """
    text = text.strip()
    if text.startswith("{"):
        return _event(text)
    if not 0 <= f_port <= 255:
        raise ExampleError(f"port {f_port}: 1 to 223 is for applications")
    payload, what = _bytes(text)
    if len(payload) > MOST_BYTES:
        raise ExampleError(f"the uplink has {len(payload)} bytes; a frame has at most {MOST_BYTES}")
    return Example(payload, f_port, what=what)


def _bytes(text: str) -> tuple[bytes, str]:
    plain = _BETWEEN.sub("", text)
    if not plain:
        raise ExampleError("there is no uplink: paste its bytes, or the whole event")
    try:
        return bytes.fromhex(plain), "hexadecimal"
    except ValueError:
        pass
    try:
        return base64.b64decode("".join(text.split()), validate=True), "base64"
    except (binascii.Error, ValueError):
        raise ExampleError("the uplink is neither hexadecimal nor base64, nor an event in JSON") from None


def _event(text: str) -> Example:
    problems = []
    protocols = {"ttn_v3": "an event of The Things Stack", "chirpstack_v4": "an event of ChirpStack"}
    for protocol, what in protocols.items():
        try:
            event = parse(cast("Protocol", protocol), "", text.encode("utf-8", "replace"))
        except EnvelopeError as e:
            problems.append(f"{what}: {e}")
            continue
        if isinstance(event, Uplink):
            eui = "" if event.sender is None else event.sender.dev_eui
            return Example(event.payload, event.f_port, event.at, event.decoded, eui, what)
        problems.append(f"{what}: it is no uplink")
    raise ExampleError("the event can't be read as " + "; as ".join(problems))
