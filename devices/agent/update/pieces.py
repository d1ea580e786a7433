"""Fetching over MQTT: which pieces to ask for, and when again. What is durable is the state's, not this one's."""

from __future__ import annotations

import random
from pathlib import Path

from devices.agent.update.files import Files
from devices.contract.update.messages import PIECE_BYTES, ChunkAsk, Piece, mark_of


class Pieces:
    """One bundle on its way.

    Args:
        files: the card.
        path: of the fetched file.
        bundle: SHA-256 of the bundle, in hex.
        size: of the bundle [B].
        held: durable already [B].
        count: pieces asked for at once.
        rate_bytes_s: at most so fast [B/s].
        patience_s: first and longest wait for what was asked for [s].
    """

    def __init__(
        self,
        files: Files,
        path: Path,
        bundle: str,
        size: int,
        held: int,
        *,
        count: int,
        rate_bytes_s: int,
        patience_s: tuple[float, float],
        rng: random.Random,
    ) -> None:
        self._files = files
        self._path = path
        self._bundle = bundle
        self._size = size
        self._mark = mark_of(bundle)
        self._end = held
        self._count = count
        self._rate_bytes_s = rate_bytes_s
        self._patience_s = patience_s
        self._rng = rng
        self._waits = 0
        self._until = held
        self.held = held
        self.next_s = 0.0

    @property
    def whole(self) -> bool:
        """Whether all of it is durable."""
        return self.held >= self._size

    def ask(self, now_s: float) -> ChunkAsk | None:
        """Return what to ask for now, None while there is something to wait for."""
        if self.whole or now_s < self.next_s:
            return None
        self._end = self.held  # what came and is not durable is asked for again
        self._until = min(self._size, self.held + self._count * PIECE_BYTES)
        first_s, most_s = self._patience_s
        patience_s = min(most_s, first_s * 2**self._waits)
        self._waits = min(self._waits + 1, 30)
        self.next_s = now_s + patience_s * self._rng.uniform(0.75, 1.25)
        return ChunkAsk(bundle=self._bundle, from_byte=self.held, count=self._count)

    def take(self, piece: Piece, now_s: float) -> bool:
        """Write a piece that is the next one; return whether more of the bundle is durable now.

        Raises:
            OSError: the card is full or broken.
        """
        if (
            piece.mark != self._mark
            or piece.from_byte != self._end
            or self._end + len(piece.body) > self._size
        ):
            return False
        if self._end == self.held:
            self._files.make_folder(self._path.parent)
        self._files.append(self._path, self._end, piece.body)
        self._end += len(piece.body)
        if self._end < self._until:
            return False
        self._files.sync(self._path)
        self._files.sync_folder(self._path.parent)
        came, self.held, self._waits = self._end - self.held, self._end, 0
        self.next_s = now_s + came / self._rate_bytes_s
        return True

    def at_once(self) -> None:
        """Ask with the next turn: there is a new connection."""
        self.next_s, self._waits = 0.0, 0
