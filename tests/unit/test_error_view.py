"""What a page says of an error: whole sentences, and a way on."""

from __future__ import annotations

import pytest

from ops_api.web.error_view import error_page


def test_nothing_there_is_said_in_words() -> None:
    shown = error_page(404, "Not Found")
    assert shown.headline == "We could not find that"
    assert shown.says.startswith("There is nothing at this address.")
    assert shown.to == ("/", "Go to the start page")


def test_who_is_not_known_is_led_back_after_signing_in_and_nowhere_else() -> None:
    assert (
        error_page(401, "Sign in first", asked="/api/v1/audit?limit=5").to[0]
        == "/sign-in?next=/api/v1/audit%3Flimit%3D5"
    )
    for elsewhere in ("//evil.example", "/\\evil.example", "https://evil.example"):
        assert error_page(401, "", asked=elsewhere).to[0] == "/sign-in?next=/"


def test_who_may_not_is_shown_her_account() -> None:
    assert error_page(403, "no").to[0] == "/account"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("1", "Try again in 1 second."),
        ("0", "Try again in 1 second."),
        ("30", "Try again in 30 seconds."),
        ("900", "Try again in 15 minutes."),
        ("", ""),
        ("Fri, 27 Nov 2026 18:00:00 GMT", ""),
    ],
)
def test_when_to_try_again_is_said(header: str, said: str) -> None:
    assert error_page(429, "Too many", retry_after=header).wait == said


def test_the_number_of_a_request_is_shown_where_it_is_our_fault() -> None:
    assert error_page(500, "broken", request_id="r1").number == "r1"
    assert error_page(404, "Not Found", request_id="r1").number == ""
    assert error_page(502, "x").headline == "Sorry, something went wrong here"
