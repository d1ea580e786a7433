"""Why an event was set aside: a closed set, each with words for a person.

An event with a reason of :class:`ingest.core.reasons.Reason` was decoded, and its values refused.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Closed set of reasons."""

    NOT_READ = "not_read"
    UNKNOWN_SENSOR = "unknown_sensor"
    UNKNOWN_DEVICE = "unknown_device"
    WRONG_SOURCE = "wrong_source"
    SIMULATED = "simulated"
    NO_TIME = "no_time"
    IN_FUTURE = "in_future"
    NOT_DECODED = "not_decoded"
    NO_DECODED_FIELDS = "no_decoded_fields"
    NO_SANDBOX = "no_sandbox"
    CODEC_TIMEOUT = "codec_timeout"
    BAD_MAP = "bad_map"
    SERVER_FAULT = "server_fault"


SENTENCES: dict[Reason, str] = {
    Reason.NOT_READ: "The network server's event can't be read: {why}.",
    Reason.UNKNOWN_SENSOR: "No device is bound to DevEUI {dev_eui}. Bind it, then replay.",
    Reason.UNKNOWN_DEVICE: "No device {device} is registered, or it is retired.",
    Reason.WRONG_SOURCE: "DevEUI {dev_eui} is bound to another source than the one it came from.",
    Reason.SIMULATED: "Somebody typed it into the network server's console: it is no measurement.",
    Reason.NO_TIME: "The network server does not say when it heard it.",
    Reason.IN_FUTURE: "The network server says that it heard it at {at}, which is yet to come: its clock is wrong.",
    Reason.NOT_DECODED: "The codec {codec} can't decode it: {why}.",
    Reason.NO_DECODED_FIELDS: "The codec {codec} reads what the network server decoded, and the event has nothing decoded. "
    "Set a payload formatter there, or bind a codec that reads bytes.",
    Reason.NO_SANDBOX: "The codec {codec} is JavaScript, which this installation can't run: {why}.",
    Reason.CODEC_TIMEOUT: "The codec {codec} took too long or too much memory: {why}.",
    Reason.BAD_MAP: "The map of codec {codec} does not fit: {why}.",
    Reason.SERVER_FAULT: "The server failed on it ({why}). That is a fault of the server: please report it.",
}


def sentence(reason: Reason, **facts: object) -> str:
    """Return the sentence of ``reason``; ``facts`` fill its places, long ones are cut."""
    return SENTENCES[reason].format(**{name: _cut(str(fact)) for name, fact in facts.items()})


def _cut(text: str, limit: int = 300) -> str:
    text = text.replace("\x00", "\\0").rstrip(".")
    return text if len(text) <= limit else text[:limit] + "…"
