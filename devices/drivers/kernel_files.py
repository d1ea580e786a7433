"""The kernel's files below a root, ``/`` on a real machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class LocalFiles:
    """Files of this machine; implements :class:`devices.drivers.bus.KernelFiles`."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def names(self, folder: str) -> Sequence[str]:
        """Return the names in ``folder``, sorted."""
        try:
            return sorted(entry.name for entry in (self._root / folder.lstrip("/")).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return ()

    def read(self, path: str) -> str:
        """Return a file's text."""
        return (self._root / path.lstrip("/")).read_text(encoding="ascii", errors="replace")
