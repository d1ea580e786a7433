"""Why a message was set aside: a closed set, each with words for a person.

The code is for counting and for tests, the sentence is what a council officer reads on
the page of set-aside messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from devices.contract.messages import MAX_PAYLOAD_BYTES

KEPT_BYTES = MAX_PAYLOAD_BYTES
"""How much of a set-aside message is kept."""


class Reason(StrEnum):
    """Closed set of reasons."""

    WRONG_TOPIC = "wrong_topic"
    UNKNOWN_DEVICE = "unknown_device"
    UNKNOWN_KIND = "unknown_kind"
    WRONG_SHARD = "wrong_shard"
    WRONG_KIND = "wrong_kind"
    WRONG_SENDER = "wrong_sender"
    REVOKED = "revoked"
    QUARANTINED = "quarantined"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    NOT_FINITE = "not_finite"
    NOT_WHOLE = "not_whole"
    OUT_OF_RANGE = "out_of_range"
    SENTINEL = "sentinel"
    BAD_TIME = "bad_time"
    TOO_EARLY = "too_early"
    IN_FUTURE = "in_future"
    NO_HOME = "no_home"
    REFUSED = "refused_by_database"
    NOT_UNDERSTOOD = "not_understood"


SENTENCES: dict[Reason, str] = {
    Reason.WRONG_TOPIC: "The topic is not one on which a device reports: cityops/v1/<shard>/<kind>/<device>/<channel>.",
    Reason.UNKNOWN_DEVICE: "No device named {device!r} is registered. Register it, then replay this message.",
    Reason.UNKNOWN_KIND: "Device {device!r} is registered as a {kind!r}, a kind that this server does not know.",
    Reason.WRONG_SHARD: "Device {device!r} belongs to shard {expected} but sent on shard {value}.",
    Reason.WRONG_KIND: "Device {device!r} is a {expected} but sent as a {value}.",
    Reason.WRONG_SENDER: "The message names device {value!r} but came on the topic of {device!r}.",
    Reason.REVOKED: "Device {device!r} has no valid credential: it was revoked, or nobody has claimed the device yet.",
    Reason.QUARANTINED: "Device {device!r} is quarantined: two of them showed themselves under its name.",
    Reason.TOO_LARGE: "The message has {value} bytes; at most {expected} are accepted.",
    Reason.NOT_JSON: "The message is not JSON: {value}.",
    Reason.MISSING_FIELD: "{field} is missing.",
    Reason.WRONG_TYPE: "{field} has the wrong type: {value}.",
    Reason.NOT_FINITE: "{field} is not a number ({value}): the sensor measured nothing.",
    Reason.NOT_WHOLE: "{field} is a code and must be one of {expected}, not {value}.",
    Reason.OUT_OF_RANGE: "{field} is {value} {unit}, which is impossible: {expected} {unit} is the range.",
    Reason.SENTINEL: "{field} is {value} {unit}, with which the sensor reports a fault.",
    Reason.BAD_TIME: "ts is not a time: {value}. Send milliseconds since 1970 or 2026-01-09T05:10:00Z.",
    Reason.TOO_EARLY: "The reading is dated {value}, before the device was installed ({expected}): its clock is wrong.",
    Reason.IN_FUTURE: "The reading is dated {value}, in the future: the device's clock is wrong.",
    Reason.NO_HOME: "Device {device!r} stands in no home, so its diary entry belongs nowhere.",
    Reason.REFUSED: "The database refused it: {value}.",
    Reason.NOT_UNDERSTOOD: "The server failed to read it ({value}). That is a fault of the server: please report it.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message, or one reading of a message, that was set aside.

    Attributes:
        topic, device, kind: as the topic says them; device and kind None where it isn't ours.
        reason, sentence, field: why, in code and in words, and the field it is about.
        device_id, boot, seq: where known; all three enter the ledger, so that the
            device is told to forget the reading.
        payload: what was sent, cut after ``KEPT_BYTES``; ``payload_bytes`` is its full size.
    """

    topic: str
    device: str | None
    kind: str | None
    reason: Reason
    sentence: str
    field: str | None = None
    device_id: int | None = None
    boot: int | None = None
    seq: int | None = None
    payload: bytes = b""
    payload_bytes: int = 0

    @property
    def has_key(self) -> bool:
        """Whether it enters the ledger."""
        return self.device_id is not None and self.boot is not None and self.seq is not None


def sentence(reason: Reason, **facts: object) -> str:
    """Return the sentence of ``reason``; ``facts`` fill its places, long ones are cut."""
    short = {k: v if isinstance(v, int | float) else _cut(str(v)) for k, v in facts.items()}
    return SENTENCES[reason].format(**short)


def _cut(text: str, limit: int = 120) -> str:
    # A NUL would be refused by the text column that holds the sentence.
    text = text.replace("\x00", "\\0")
    return text if len(text) <= limit else text[:limit] + "…"
