"""What a page says when something did not work: what happened, and where to go from there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ops_api.access.addresses import own_address

_HEADLINES: Mapping[int, str] = {
    303: "Go on from here",
    400: "We did not understand that",
    401: "Sign in first",
    403: "That is not allowed",
    404: "We could not find that",
    405: "This address is not opened like that",
    406: "We do not have it in that form",
    409: "That was not done",
    410: "That is gone",
    413: "That was too much at once",
    422: "Something in it is not right",
    429: "Too much in a short time",
    503: "We can’t answer just now",
}
_OURS = "Sorry, something went wrong here"
_BARE = "Not Found"
_NOTHING = "There is nothing at this address. It may have a typing error, or what was here is gone."
_SIGN_IN, _REFUSED, _BROKEN = 401, 403, 500


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """An error for people.

    Attributes:
        headline: what happened.
        says: more about it, whole sentences.
        wait: when to try again; empty: nobody knows, or it would be the same.
        to: where to go from there: address and words.
        number: what to tell us, of an error of ours.
    """

    headline: str
    says: str
    wait: str
    to: tuple[str, str]
    number: str


def error_page(
    status: int, detail: str, *, retry_after: str = "", asked: str = "/", request_id: str = ""
) -> ErrorPage:
    """Return an error as a page says it.

    Args:
        status: of the answer.
        detail: what a program is told.
        retry_after: the answer's header, in seconds; empty: none.
        asked: path and query of what was asked for.
        request_id: of the request.
    """
    start = ("/", "Go to the start page")
    sign_in = (f"/sign-in?next={quote(own_address(asked), safe='/')}", "Sign in")
    return ErrorPage(
        headline=_HEADLINES.get(status, _OURS if status >= _BROKEN else _HEADLINES[400]),
        says=_NOTHING if detail in ("", _BARE) else detail,
        wait=_wait(retry_after),
        to={_SIGN_IN: sign_in, _REFUSED: ("/account", "See what your account may do")}.get(status, start),
        number=request_id if status == _BROKEN else "",
    )


def _wait(retry_after: str) -> str:
    if not retry_after.isdigit():
        return ""
    seconds = int(retry_after)
    if seconds < 90:
        return f"Try again in {max(1, seconds)} second{'' if seconds <= 1 else 's'}."
    return f"Try again in {round(seconds / 60)} minutes."
