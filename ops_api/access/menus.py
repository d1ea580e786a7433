"""What the menus of a page lead to: nothing that the rule of its route refuses to who is signed in.

Who reads the page is kept for the request that answers with it, as the mark of its forms is.
"""

from __future__ import annotations

from contextvars import ContextVar

from ops_api.access.model import NOBODY, Answer, Principal, decide
from ops_api.access.rules import RULES

_reader: ContextVar[Principal] = ContextVar("menus_reader", default=NOBODY)


def show_menus_to(who: Principal) -> None:
    """Have the menus of the page that answers this request be somebody's."""
    _reader.set(who)


def may_open(path: str) -> bool:
    """Whether who reads this page may open another one.

    Args:
        path: its route's template, as ``/fleet/{device}``.

    Raises:
        KeyError: there is no such route.
    """
    return _answer(path) == "yes"


def leads_on(path: str) -> bool:
    """Whether a link there does not end with a refusal: it opens, or asks who is there first; ``path`` as in :func:`may_open`."""
    return _answer(path) in ("yes", "sign_in")


def _answer(path: str) -> Answer:
    who = _reader.get()
    return decide(RULES[f"GET {path}"], who, who.signed_in_s, {})  # to show a factor again is no refusal
