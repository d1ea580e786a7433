"""Nobody is led to another site after signing in, whatever was sent."""

from __future__ import annotations

from urllib.parse import parse_qs, urljoin, urlsplit

from hypothesis import example, given
from hypothesis import strategies as st

from ops_api.access.addresses import START, own_address, sign_in_address

HOST = "city.example"
TEXT = st.text(max_size=40) | st.text(st.sampled_from("/\\:@.?#%\t\n evil"), max_size=20).map(
    lambda t: "/" + t
)


@given(TEXT)
@example("//evil.example")
@example("/\\evil.example")
@example("/\t/evil.example")
@example("https://evil.example/")
@example("javascript:alert(1)")
@example("/..//evil.example")
def test_an_address_is_one_of_ours_or_the_first_page(text: str) -> None:
    found = own_address(text)
    at = urlsplit(urljoin(f"https://{HOST}/sign-in", found))
    assert (at.scheme, at.netloc) == ("https", HOST)
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))
    assert found in (text, START)


@given(asked=TEXT, referer=TEXT, safe=st.booleans(), again=st.booleans())
@example(asked="/a", referer="https://evil.example/b", safe=False, again=False)
@example(asked="/a", referer="http://[", safe=False, again=False)
@example(asked="/a?b=c&d=e", referer="", safe=True, again=True)
def test_who_signs_in_comes_back_to_a_page_of_ours(asked: str, referer: str, safe: bool, again: bool) -> None:
    address = sign_in_address(asked, referer, HOST, safe=safe, again=again)
    told = parse_qs(urlsplit(address).query)
    assert urlsplit(address).path == "/sign-in"
    [back] = told["next"]
    assert back == own_address(back)
    assert ("again" in told) == again
    if safe:
        assert back == own_address(asked)
    elif f"//{HOST}/" not in referer:
        assert back == START
