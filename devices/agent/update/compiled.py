"""Compiles a slot's Python files while it is staged: a start out of a slot then costs what one of an installed agent costs.

What is written is a *checked* hash-based ``.pyc`` (PEP 552): Python compares the hash in it with the file beside it at
each import and compiles that anew where they differ. So the signed file is what runs, whatever lies beside it.
"""

from __future__ import annotations

import importlib.util
import marshal
from pathlib import Path, PurePosixPath

_CHECKED_HASH = 0b11
"""Flags of PEP 552: by hash, and compared at each import."""
_TOP = ("code", "site")


def is_source(path: str) -> bool:
    """Whether a file of a bundle is one that Python imports out of the slot."""
    at = PurePosixPath(path)
    return at.suffix == ".py" and at.parts[0] in _TOP


def compiled_path(source: Path) -> Path:
    """Return where this Python looks for what ``source`` was compiled to."""
    return Path(importlib.util.cache_from_source(str(source), optimization=""))


def compiled(body: bytes, said: Path) -> bytes | None:
    """Return the content of the ``.pyc`` of a file with that ``body``.

    Args:
        body: of the file.
        said: its name in tracebacks: where it will lie.

    Returns:
        None where it can't be compiled, as files of a library for another Python: whether it is needed shows at the start.
    """
    try:
        code = compile(body, str(said), "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return None
    head = importlib.util.MAGIC_NUMBER + _CHECKED_HASH.to_bytes(4, "little")
    return head + importlib.util.source_hash(body) + marshal.dumps(code)
