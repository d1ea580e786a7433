"""Whatever body comes to whichever route that takes one: what is wrong with it is said, and nothing breaks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from ops_api.access.forms import FIELD, mark_of
from ops_api.access.model import SCOPES, STAFF
from ops_api.access.principal import STAFF_PLAIN_COOKIE
from ops_api.access.rules import RULES
from ops_api.identity.secrets import Secrets
from tests.fakes.locked_site import filled
from tests.fakes.staff import add, at_desk
from tests.fakes.website import IDENTITY_SECRET, PLAIN, Site

WRITES = ("POST", "PUT", "PATCH", "DELETE")
EDGE = "edge"
JSON, FORM, PARTS = (
    "application/json",
    "application/x-www-form-urlencoded",
    f"multipart/form-data; boundary={EDGE}",
)


def parts(**fields: str) -> bytes:
    """Return a multipart body of fields."""
    each = [
        f'--{EDGE}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()
    ]
    return "".join([*each, f"--{EDGE}--\r\n"]).encode()


Bodies = dict[str, tuple[str | None, bytes]]
FORMS: Bodies = {"parts": (PARTS, parts(x="1"))}
"""With the mark of the session's forms: a route that takes something else must still have its body."""
DOCUMENTS: Bodies = {
    "not a number": (JSON, b'{"by": NaN, "to": Infinity, "limit": -Infinity, "at": 1e999}'),
}
MORE: Bodies = {
    "nothing": (JSON, b""),
    "nobody's kind": (None, b"x"),
    "bytes": ("application/octet-stream", b"\x00\xff" * 50),
    "form": (FORM, b"a=1&b=2"),
    "form of nonsense": (FORM, b"%ff%00&=&&a=%zz"),
    "parts without an edge": ("multipart/form-data", parts(x="1")),
    "parts that never end": (PARTS, b"--edge\r\nContent-Disposition: form-data; name="),
    "a file where a word is": (PARTS, b'--edge\r\nContent-Disposition: form-data; name="by"; filename="x"\r\n\r\n\x00\r\n--edge--\r\n'),
    "no charset there is": (f"{JSON}; charset=klingon", b'{"by": "x"}'),
    "a form of no charset there is": (f"{FORM}; charset=klingon", b"by=x"),
    "another charset": (f"{JSON}; charset=utf-16", '{"by": "x"}'.encode("utf-16")),
    "no UTF-8": (JSON, b'{"by": "\xff\xfe"}'),
    "half a pair": (JSON, b'{"by": "\\ud800", "text": "\\u0000"}'),
    "deep": (JSON, b"[" * 5000 + b"]" * 5000),
    "deep but taken": (JSON, b'{"by":' * 30 + b"1" + b"}" * 30),
    "a list": (JSON, b"[]"),
    "null": (JSON, b"null"),
    "a number": (JSON, b"1e400"),
    "long number": (JSON, b"9" * 5000),
    "half": (JSON, b'{"by": "x"'),
    "many fields": (FORM, b"&".join(b"a%d=1" % n for n in range(2000))),
}  # fmt: skip


def marked(body: bytes, kind: str | None, mark: str) -> bytes:
    """Return a body with the mark of the session's forms, where it is a form."""
    if kind == PARTS and body == parts(x="1"):
        return parts(**{FIELD: mark}, x="1")
    return body + f"&{FIELD}={mark}".encode() if kind == FORM else body


def writes() -> Iterator[tuple[str, str]]:
    """Yield each method and address that takes something."""
    for route in RULES:
        method, _, path = route.partition(" ")
        if method in WRITES:
            yield method, filled(path)


async def broken(site: Site, cookies: Bodies, keys: Bodies) -> list[Any]:
    """Return what answered 5xx to somebody who may do all that staff may, with a valid form, or to a program with every scope.

    ``cookies``: of which bodies somebody's; ``keys``: of which a program's.
    """
    secret, found = Secrets.of(IDENTITY_SECRET).forms, []
    await add(site, "everybody", *STAFF)
    async with at_desk(site) as desk, httpx.AsyncClient(base_url=site.url, timeout=60, verify=PLAIN) as http:
        who = await desk.accounts.named("everybody")
        assert who is not None
        for method, path in writes():
            # A new session each: some of these routes end it.
            ticket = await desk.sessions.begin(who, "password", datetime.now(UTC), mfa=True)
            mark = mark_of(secret, ticket.session_id)
            for sent, bodies in (
                ({"cookie": f"{STAFF_PLAIN_COOKIE}={ticket.token}"}, cookies),
                ({"x-api-key": f"cok_for-{','.join(sorted(SCOPES))}"}, keys),
            ):
                for name, (kind, body) in bodies.items():
                    headers = sent | ({} if kind is None else {"content-type": kind})
                    answer = await http.request(
                        method, path, content=marked(body, kind, mark), headers=headers
                    )
                    if answer.status_code >= 500:
                        found.append((*sent, name, method, path, answer.status_code, answer.text[-300:]))
    return found


async def test_no_body_breaks_a_route(site: Site) -> None:
    assert await broken(site, FORMS, DOCUMENTS) == []


@pytest.mark.soak
async def test_none_of_many_bodies_breaks_a_route(site: Site) -> None:
    assert await broken(site, FORMS | MORE, DOCUMENTS | MORE) == []
