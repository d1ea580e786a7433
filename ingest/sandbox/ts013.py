"""LoRa Alliance TS013-1.0.0, Payload Codec API: uplinks in, decoded objects out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ingest.sandbox.ports import Answer, Call, Codec, Decoder, Problem

# What published codecs had before TS013, and still have beside it.
LEGACY = {
    "Decode": "Decode(fPort, bytes, variables), as ChirpStack 3 calls it",
    "Decoder": "Decoder(bytes, port), as The Things Network 2 calls it",
    "Encode": "Encode(fPort, obj, variables), as ChirpStack 3 calls it",
    "Encoder": "Encoder(object, port), as The Things Network 2 calls it",
}


@dataclass(frozen=True, slots=True)
class Payload:
    """What came from a sensor.

    Attributes:
        data: its bytes.
        f_port: LoRaWAN port, 1 to 223.
        received_at: when the network heard it.
        variables: of the device, for codecs that ask for them (ChirpStack); text by name.
    """

    data: bytes
    f_port: int
    received_at: datetime
    variables: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a codec made of one payload.

    Attributes:
        data: the decoded object; None where there is none.
        errors: the codec's own.
        warnings: the codec's own.
        notes: ours: what JSON could not say, an older function.
        problem: why there is no result at all.
    """

    data: Mapping[str, object] | None = None
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problem: Problem | None = None


def uplink_call(payload: Payload) -> Call:
    """Return the call of decodeUplink for a payload."""
    return Call(
        "decodeUplink",
        {
            "bytes": list(payload.data),
            "fPort": payload.f_port,
            "recvTime": int(payload.received_at.timestamp() * 1000),
            "variables": dict(payload.variables or {}),
        },
    )


def decoded(answer: Answer) -> Decoded:
    """Read the answer to a call of decodeUplink.

    TS013 returns ``{data, errors, warnings}``; an object with errors has no data to rely on. What came before
    returns the data itself.
    """
    if answer.problem is not None or answer.result is None:
        return Decoded(problem=answer.problem)
    if answer.function in LEGACY:
        note = f"called as {LEGACY[answer.function]}: the codec has no {_NEW[answer.function]} (TS013)"
        return Decoded(data=answer.result, notes=(*answer.notes, note))
    data = answer.result.get("data")
    errors, warnings = words(answer.result.get("errors")), words(answer.result.get("warnings"))
    if errors:
        return Decoded(errors=errors, warnings=warnings, notes=answer.notes)
    if not isinstance(data, dict):
        was = "no data" if data is None else "data that is no object"
        return Decoded(
            warnings=warnings, problem=Problem("wrong_answer", f"decodeUplink returned {was} and no errors")
        )
    return Decoded(data, (), warnings, answer.notes)


def decode_uplinks(decoder: Decoder, codec: Codec, payloads: Sequence[Payload]) -> list[Decoded]:
    """Decode payloads with a codec, in order."""
    return [decoded(answer) for answer in decoder.run(codec, [uplink_call(one) for one in payloads])]


def words(said: object) -> tuple[str, ...]:
    """Return what a codec put under errors or warnings as texts: a list, or what stands there alone."""
    if said is None or said == "" or said == []:
        return ()
    return tuple(str(one) for one in said) if isinstance(said, list) else (str(said),)


_NEW = {
    "Decode": "decodeUplink",
    "Decoder": "decodeUplink",
    "Encode": "encodeDownlink",
    "Encoder": "encodeDownlink",
}
