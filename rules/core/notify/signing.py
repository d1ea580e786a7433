"""Signatures of webhooks: HMAC-SHA256 over id, time and body.

In the form of Standard Webhooks (https://www.standardwebhooks.com, specification 1.0):
headers ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature: v1,<base64>``, so that
receivers can use the libraries that exist.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, MutableSet, Sequence

PREFIX = "whsec_"
TOLERANCE_S = 300.0
LEAST_KEY_BYTES = 24


class SignatureError(ValueError):
    """A message that must not be believed; the text says why."""


def key_of(secret: str) -> bytes:
    """Return the key of a secret as it is written down: ``whsec_`` and base64.

    Raises:
        ValueError: it is neither, or shorter than 24 bytes; the secret is not quoted.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"a webhook's secret is {PREFIX} followed by base64") from None
    if len(key) < LEAST_KEY_BYTES:
        raise ValueError(f"a webhook's secret has {LEAST_KEY_BYTES} bytes or more, not {len(key)}")
    return key


def signature(key: bytes, message_id: str, timestamp_s: int, body: bytes) -> str:
    """Return ``v1,<base64>`` for a message."""
    signed = b".".join((message_id.encode(), str(timestamp_s).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def headers(key: bytes, message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """Return the three headers of a message. ``message_id`` must have no full stop in it."""
    if "." in message_id:
        raise ValueError(f"a message's id has no '.' in it: {message_id!r}")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": signature(key, message_id, timestamp_s, body),
    }


def verify(
    keys: Sequence[bytes],
    received: Mapping[str, str],
    body: bytes,
    now_s: float,
    *,
    tolerance_s: float = TOLERANCE_S,
    seen: MutableSet[str] | None = None,
) -> str:
    """Return a message's id where one of ``keys`` signed it lately and it was not there before.

    Args:
        keys: the present one, and the former one while it is changed.
        body: as it came, byte for byte.
        now_s: our clock [s since 1970].
        received: headers by their names in small letters.
        tolerance_s: how far the sender's clock may be from ours, either way [s].
        seen: ids that were there; this one is added. Without it repeats are not refused.

    Raises:
        SignatureError: a header is missing, the time is too far away, no signature fits, or it is a repeat.
    """
    try:
        message_id, stamp, given = (received[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
        timestamp_s = int(stamp)
    except KeyError as error:
        raise SignatureError(f"the header {error.args[0]} is missing") from None
    except ValueError:
        raise SignatureError(f"webhook-timestamp {stamp!r} is no number") from None
    if abs(now_s - timestamp_s) > tolerance_s:
        raise SignatureError(
            f"webhook-timestamp is {now_s - timestamp_s:.0f} s from now; {tolerance_s:.0f} are allowed"
        )
    right = [signature(key, message_id, timestamp_s, body).encode() for key in keys]
    if not any(hmac.compare_digest(one, other.encode()) for one in right for other in given.split()):
        raise SignatureError("no signature fits")
    if seen is not None:
        if message_id in seen:
            raise SignatureError(f"{message_id} was there before")
        seen.add(message_id)
    return message_id
