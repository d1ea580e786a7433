"""What somebody tries at the front door, and what each try got: lines of ``docs/attacker.md``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

import httpx

from tests.fakes.raw_http import asked, connected
from tests.fakes.website import Site

REFUSED = frozenset({303, 400, 401, 403, 404, 405, 408, 413, 414, 422, 429, 431, 503})
Try = Callable[["Ground"], Awaitable["Got"]]


@dataclass(frozen=True)
class Got:
    """What came back: a status (0: the connection was closed), and in words what else was looked at."""

    status: int
    words: str = ""
    leaked: bool = False


@dataclass
class Ground:
    """Where it is tried.

    Attributes:
        site: a running site with short deadlines.
        resident: a browser that is signed in to ``own``.
        own, other: codes of two homes.
        frog: name of the device in the other home.
        alarm: number of an alarm.
    """

    site: Site
    resident: httpx.AsyncClient
    own: str
    other: str
    frog: str
    alarm: int
    tried: list[tuple[str, str, Got]] = field(default_factory=list)


def told(answer: httpx.Response, *never: str) -> Got:
    """Return what an answer says; leaked where it has any of ``never``."""
    text = answer.text
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    words = answer.json()["detail"] if is_problem else _nothing(answer)
    if answer.status_code == 303:
        words = "to the page " + answer.headers["location"].partition("?")[0]
    return Got(answer.status_code, words, any(word in text for word in never if word))


def _nothing(answer: httpx.Response) -> str:
    """Return words where an answer is a list of nothing."""
    if answer.status_code != 200 or "json" not in answer.headers.get("content-type", ""):
        return ""
    document = answer.json()
    lists = (
        [document] if isinstance(document, list) else [v for v in document.values() if isinstance(v, list)]
    )
    return "an empty list" if lists and not any(lists) else ""


async def raw(url: str, data: bytes, within_s: float = 15) -> Got:
    """Send bytes as they are; return the status, 0 where nothing was said before the end."""
    said = await asked(url, data, within_s)
    return Got(int(said[9:12]) if said.startswith(b"HTTP/1.1 ") else 0)


async def slowly(url: str, first: bytes, piece: bytes, connections: int) -> Got:
    """Trickle on many connections; return what they were told, and that all were closed."""

    async def one() -> bytes:
        async with connected(url) as connection:
            await connection.say(first)
            trickling = asyncio.create_task(connection.trickle(piece, 0.3))
            try:
                return (await connection.ended(20))[0]
            finally:
                trickling.cancel()

    said = set(await asyncio.gather(*(one() for _ in range(connections))))
    status = int(min(said)[9:12]) if min(said) else 0
    return Got(status, f"all {connections} connections were closed")


def table(tried: Iterable[tuple[str, str, Got]]) -> str:
    """Return the lines of the table in Markdown."""
    lines = ["| attempt | what it got |", "| --- | --- |"]
    for _, what, got in tried:
        answer = f"{got.status}" if got.status else "no answer"
        lines.append(f"| {what} | {answer}{': ' + got.words if got.words else ''} |".replace("\n", " "))
    return "\n".join(lines)
