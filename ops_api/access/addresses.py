"""Where somebody is led after signing in: an address of our own, whatever was sent. Pure."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

MOST = 500
START = "/"


def own_address(text: str) -> str:
    """Return an address if it is a page of this site, else the first page.

    It begins with one slash: browsers take ``//`` and a backslash for another host's, and drop tabs and line ends before they look.
    """
    plain = len(text) <= MOST and all(" " < c < "\x7f" for c in text)
    inside = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if plain and inside else START


def sign_in_address(asked: str, referer: str, host: str, *, safe: bool, again: bool = False) -> str:
    """Return where to sign in, and from there back to what was asked for.

    Args:
        asked: path and query of the request.
        referer: the page it came from: what a form would have done is not done by signing in, so that page is shown again.
        host: of this site, as it was asked.
        safe: whether the request only looks.
        again: known already, and asked to show a factor again.
    """
    back = own_address(asked if safe else _page(referer, host))
    return f"/sign-in?next={quote(back, safe='/')}" + ("&again=1" if again else "")


def _page(referer: str, host: str) -> str:
    try:
        came = urlsplit(referer)
    except ValueError:
        return START
    if came.netloc != host:
        return START
    return came.path + (f"?{came.query}" if came.query else "")
