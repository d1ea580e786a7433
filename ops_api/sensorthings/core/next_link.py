"""The address of the next page, with everything that was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlencode

_PLACES = frozenset({"$skip", "$skiptoken"})
_PLAIN = "$,()/;:='@"
"""They may stand in a query as they are, and a person reads them so; ``& # + %`` may not."""


def next_link(
    base: str, written: Iterable[tuple[str, str]], *, skip: int | None = None, token: str = ""
) -> str:
    """Return the address of the page that follows. Its ``$top`` is this page's, as SensorThings clients expect.

    Args:
        base: the absolute address without its query.
        written: options as they were written.
        skip: entities before the page; None where ``token`` says where it begins.
        token: where it begins.

    Raises:
        ValueError: both or neither of them.
    """
    if (skip is None) == (not token):
        raise ValueError("a next page begins after so many, or at a token")
    kept = [(name, value) for name, value in written if name not in _PLACES]
    kept.append(("$skiptoken", token) if skip is None else ("$skip", str(skip)))
    return f"{base}?{urlencode(kept, quote_via=quote, safe=_PLAIN)}"


def asked(path: str, written: Sequence[tuple[str, str]]) -> str:
    """Return one text for one question, whichever page of it is asked for: what a token of a place is bound to.

    Two questions have the same text only where they are the same.
    """
    kept = sorted((name, value) for name, value in written if name not in _PLACES and name != "$top")
    return "?".join(
        [quote(path, safe="/()"), *(f"{quote(name)}={quote(value, safe='')}" for name, value in kept)]
    )
