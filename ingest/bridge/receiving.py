"""From bytes to what the inbox keeps: the envelope is read, nothing else. Pure."""

from __future__ import annotations

import hashlib

from ingest.bridge.ports import Arrival
from ingest.core.lorawan.envelope import MOST_BYTES, parse
from ingest.core.lorawan.events import EnvelopeError, Protocol, Uplink, event_kind
from ingest.core.lorawan.reasons import Reason, sentence

_MOST_KEY = 500


def arrival(source_id: int, protocol: Protocol, topic: str, body: bytes) -> Arrival:
    """Return an event as the inbox keeps it; one that can't be read is kept as set aside, with the reason.

    Of one that is too large only the beginning is kept.
    """
    try:
        event = parse(protocol, topic, body)
    except EnvelopeError as e:
        return _unread(source_id, topic, body, str(e))
    except Exception as e:  # the parsers promise to raise nothing else; a promise is not enough here
        return _unread(source_id, topic, body, f"{type(e).__name__}: {e}")
    up = event if isinstance(event, Uplink) else None
    return Arrival(
        source_id=source_id,
        kind=event_kind(event),
        key=_short(event.key),
        dev_eui=None if event.sender is None else event.sender.dev_eui,
        network_at=event.at,
        f_port=None if up is None else up.f_port,
        f_cnt=None if up is None else up.f_cnt,
        payload=None if up is None else up.payload,
        topic=_text(topic),
        body=body,
    )


def _unread(source_id: int, topic: str, body: bytes, why: str) -> Arrival:
    return Arrival(
        source_id=source_id,
        kind="other",
        key="sha256:" + hashlib.sha256(topic.encode() + b"\0" + body).hexdigest(),
        topic=_text(topic),
        body=body[:MOST_BYTES],
        reason_code=str(Reason.NOT_READ),
        reason=_text(sentence(Reason.NOT_READ, why=why)),
    )


def _short(key: str) -> str:
    key = _text(key)
    return key if len(key) <= _MOST_KEY else "sha256:" + hashlib.sha256(key.encode()).hexdigest()


def _text(text: str) -> str:
    """Return a text that a column takes: without NUL, and no half of a surrogate pair."""
    return text.replace("\x00", "\\0").encode("utf-8", "replace").decode()[:1024]
