"""Whatever comes from a server, by MQTT or a webhook, to an event."""

from __future__ import annotations

from ingest.core.lorawan import chirpstack, ttn
from ingest.core.lorawan.events import EnvelopeError, Event, Protocol

MOST_BYTES = 262_144
"""Largest event; a frame heard by a hundred gateways has some 60 kB."""

_TTN_DOWN = ("queued", "sent", "ack", "nack", "failed")


def parse(protocol: Protocol, topic: str, body: bytes) -> Event:
    """Return the event that ``body`` is.

    Args:
        protocol: whose.
        topic: on which it came; of a webhook of ChirpStack the event's name, else empty.
        body: JSON.

    Raises:
        EnvelopeError: it can't be read.
    """
    if len(body) > MOST_BYTES:
        raise EnvelopeError(f"the event has {len(body)} bytes; at most {MOST_BYTES} are taken")
    match protocol:
        case "ttn_v3":
            return ttn.parse(body)
        case "chirpstack_v4":
            return chirpstack.parse(body, event_name(topic))
        case _:
            raise EnvelopeError(f"events of {protocol} are not read here")


def event_name(topic: str) -> str:
    """Return the name of ChirpStack's event: the last part of a topic, or what ``?event=`` says; empty where it is none."""
    name = topic.rsplit("/", 1)[-1]
    return name if name in chirpstack.NAMES else ""


def default_topics(protocol: Protocol, application: str) -> tuple[str, ...]:
    """Return the filters that cover a server's events.

    Args:
        protocol: whose.
        application: The Things Stack: ``app@tenant`` (without a tenant on the open-source server); ChirpStack: the
            application's id; ``+`` for all of them.
    """
    name = application or "+"
    if protocol == "ttn_v3":
        base = f"v3/{name}/devices/+"
        return (f"{base}/up", f"{base}/join", *(f"{base}/down/{what}" for what in _TTN_DOWN))
    if protocol == "chirpstack_v4":
        return (f"application/{name}/device/+/event/+",)
    return ()
