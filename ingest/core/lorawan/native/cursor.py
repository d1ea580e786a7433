"""Bytes read one after the other."""

from __future__ import annotations

from ingest.core.lorawan.decoded import DecodeError


class Cursor:
    """A place in a payload; reading beyond its end is a :class:`DecodeError`."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self.at = 0

    @property
    def left(self) -> int:
        """Bytes that are left."""
        return len(self._payload) - self.at

    def take(self, count: int, what: str) -> bytes:
        """Return the next bytes."""
        if self.left < count:
            raise DecodeError(f"byte {self.at}: {what} wants {count} bytes, {self.left} are left")
        self.at += count
        return self._payload[self.at - count : self.at]

    def u8(self, what: str) -> int:
        """Return an unsigned byte."""
        return self.take(1, what)[0]

    def u16_le(self, what: str) -> int:
        """Return two bytes, unsigned, the lower first."""
        return int.from_bytes(self.take(2, what), "little")

    def i16_le(self, what: str) -> int:
        """Return two bytes, signed, the lower first."""
        return int.from_bytes(self.take(2, what), "little", signed=True)

    def u32_le(self, what: str) -> int:
        """Return four bytes, unsigned, the lowest first."""
        return int.from_bytes(self.take(4, what), "little")

    def u16(self, what: str) -> int:
        """Return two bytes, unsigned, the higher first."""
        return int.from_bytes(self.take(2, what), "big")

    def i16(self, what: str) -> int:
        """Return two bytes, signed, the higher first."""
        return int.from_bytes(self.take(2, what), "big", signed=True)
