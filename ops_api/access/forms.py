"""The mark of a form: that a page of ours, shown to this session, is what is sent.

Another site's page can make a browser send a form with its cookies, but cannot read ours. Cookies are ``SameSite=Lax`` and
foreign origins are refused already; this holds where a browser says nothing of either. OWASP: cross-site request forgery
prevention, signed double submit bound to the session; and the header that only a page's own script can set.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from markupsafe import Markup

FIELD = "_form"
HEADER = "x-cityops-form"
"""Set by our scripts, with any text: another site's page would have to ask for leave first (CORS), and there is none."""

_mark: ContextVar[str] = ContextVar("form_mark", default="")


def mark_of(secret: bytes, session_id: str) -> str:
    """Return the mark of a session's forms; it lasts as long as the session, whatever its token is by then."""
    return hmac.new(secret, f"{session_id}|form".encode(), hashlib.sha256).hexdigest()[:32]


def is_mark(secret: bytes, session_id: str, sent: object) -> bool:
    """Whether what was sent is that mark; takes as long whatever was sent."""
    text = sent if isinstance(sent, str) else ""
    return hmac.compare_digest(mark_of(secret, session_id).encode(), text.encode("utf-8", "surrogatepass"))


def show_mark(mark: str) -> None:
    """Have the forms of the page that answers this request carry a mark; empty: none."""
    _mark.set(mark)


def mark_shown() -> str:
    """Return the mark of this request's pages; empty where nobody is signed in."""
    return _mark.get()


def form_mark() -> Markup:
    """Return the hidden field of a form; nothing where nobody is signed in."""
    mark = _mark.get()
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, mark) if mark else Markup("")


@contextmanager
def unmarked() -> Generator[None]:
    """Render what many readers share: nobody's mark must be in it, their browsers add their own."""
    token = _mark.set("")
    try:
        yield
    finally:
        _mark.reset(token)
