"""What to do about a dead letter, by reason: for the person who reads it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ingest.core.reasons import Reason
from ingest.core.replay import OUT_OF_DATE, TRUNCATED

_SENSOR = (
    "The sensor or its wiring is at fault: have it looked at. Where the value is right, widen the field's range "
    "in the kind's declaration, then replay."
)
_SENDER = "The device's program sends what its kind does not declare: correct one of the two. A letter as sent stays wrong."
_CLOCK = (
    "The device's clock was wrong. Once a reading of the same start of the device has come with the right time, "
    "a replay dates those that carry mono_ms; without it the time of measurement is not known."
)

ADVICE: Mapping[str, str] = MappingProxyType(
    {
        Reason.WRONG_TOPIC: "Correct the topic that the sender is set up with. Nothing here says whose message it is.",
        Reason.UNKNOWN_DEVICE: "Register the device (cityops registry load), then replay; one that keeps an outbox also sends again.",
        Reason.UNKNOWN_KIND: "Put the kind's file into CITYOPS_KINDS_DIR, run `cityops db upgrade`, restart the services, then replay.",
        Reason.WRONG_SHARD: "Correct the shard, in the registry or on the device. After a change of the registry, replay.",
        Reason.WRONG_KIND: "Correct the kind, in the registry or on the device. After a change of the registry, replay.",
        Reason.WRONG_SENDER: "Two devices share a login, or one has another's settings: give each its own. It can't be replayed.",
        Reason.REVOKED: "Make a new label (cityops devices label) and have the device claim it, then replay. Where it is none of yours, leave it.",
        Reason.QUARANTINED: "Look at the device (cityops devices show), end its quarantine (cityops devices release), then replay what is its own.",
        Reason.TOO_LARGE: "Let the device send smaller messages. Of this one only the beginning is kept.",
        Reason.NOT_JSON: "The device's program is at fault, or something else publishes under its name.",
        Reason.MISSING_FIELD: "The sensor gave nothing, or the device's program is older than the kind. Where the field need not be there, declare it optional, then replay.",
        Reason.WRONG_TYPE: _SENDER,
        Reason.NOT_FINITE: "The sensor measured nothing: have it looked at.",
        Reason.NOT_WHOLE: _SENDER,
        Reason.OUT_OF_RANGE: _SENSOR,
        Reason.SENTINEL: "The sensor reports a fault: have it and its wiring looked at.",
        Reason.BAD_TIME: _SENDER,
        Reason.TOO_EARLY: f"{_CLOCK} Where the device was installed earlier than the registry says, correct installed_at, then replay.",
        Reason.IN_FUTURE: _CLOCK,
        Reason.NO_HOME: "Name the device under its home in the registry, then replay.",
        Reason.REFUSED: "A check or a trigger of the database refuses it. Once that is put right, replay.",
        Reason.NOT_UNDERSTOOD: "Report it with the payload; after the upgrade that mends it, replay.",
        TRUNCATED: "It can't be replayed.",
        OUT_OF_DATE: "It can't be replayed, and need not be.",
    }
)


def advice(reason_code: str) -> str:
    """Return what to do about letters of a reason; one that an older version gave is said to be so."""
    return ADVICE.get(reason_code, "This version gives no such reason: it is from an older one.")
