"""Text of strangers as a terminal may have it."""

from __future__ import annotations


def escaped(text: str) -> str:
    r"""Return ``text`` in one line with everything escaped that is no visible character or space.

    A terminal obeys control characters: they rewrite what was printed before, or turn the line round. So these, line
    breaks, marks of direction and other characters without a shape are written as ``\x1b`` or ``\u202e``.
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
