"""The agent's connection in its log: that it came, and why it went."""

from __future__ import annotations

from devices.log import Log


class LinkLog:
    """Says each change once: a login that is refused at every try is one line, however long it stays so."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._said: tuple[bool, str] = (False, "")

    def look(self, connected: bool, reason: str) -> None:
        """Take how the link is now; ``reason`` is why the last connection or attempt ended, "" where none has."""
        now = (True, "") if connected else (False, reason)
        if now == self._said:
            return
        self._said = now
        if connected:
            self._log.info("connected")
        elif reason:
            self._log.warning("not connected", reason=reason)
