"""What goes between us and the process that runs codecs."""

from __future__ import annotations

import struct

HEAD = struct.Struct(">cQI")  # what, which codec, how many bytes follow
REPLY = struct.Struct(">I")
LOAD, CALL, FORGET = b"L", b"C", b"F"


def frame(what: bytes, codec: int, body: bytes = b"") -> bytes:
    """Return one request. Only a CALL is answered, by ``REPLY`` and as many bytes of JSON."""
    return HEAD.pack(what, codec, len(body)) + body
