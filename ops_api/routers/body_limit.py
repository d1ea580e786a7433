"""How much of a request's body is taken, and of whom: before anything of it is kept.

A form is read to its end before a route runs, and its files lie on the disk by then. So the bytes are counted as they
come, and a photo is taken only from who lives in the home. What is JSON, or may be, is looked at for its depth.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

from fastapi import HTTPException, Request

from cityops.errors import TransientError
from ops_api.access.enforce import rule_named
from ops_api.access.model import entitled
from ops_api.access.principal import member_of, principal_of
from ops_api.hardening.depth import DEEPEST, is_too_deep
from ops_api.routers import content
from ops_api.routers.crew_door import COOKIE, pass_in
from ops_api.routers.problems import UNAVAILABLE, problem
from ops_api.web.headers import App, Message, Receive, Send

PHOTO_MOST = 21 * 2**20
"""Bytes of a request with a photo: of 20 MB at most, and the form around it."""
FORECAST_MOST = 8 * 2**20
"""Bytes of weather forecasts: of a hundred places is half of it."""
MOST = 64 * 2**10
"""Bytes of any other request: 2,000 characters of any script are 24 kB in a form."""
DIGITS = 12
"""Of a size that anybody could mean."""
TOO_DEEP = f"That is nested too deep: at most {DEEPEST} levels are taken."
ARRAYS = "/sta/v1.1/CreateObservations"
WEBHOOK_MOST = 256 * 2**10
"""Bytes of a LoRaWAN server's event: one that a hundred gateways heard has 60 kB."""
CODEC_MOST = 2 * 2**20
"""Bytes of a codec's source with what is around it: 512 kB of it are taken, and as JSON or in a form it is longer."""
_CREW = re.compile(r"/crew/[^/]+/acts")
_LORAWAN = re.compile(r"/lorawan/[^/]+")
_CODEC = re.compile(r"/lorawan/codecs/new|/api/v1/lorawan/codecs(?:/try)?")
_PHOTO = re.compile(r"/api/v1/homes/([^/]+)/photos|/home/([^/]+)/evidence/photos")


class LimitBody:
    """ASGI middleware that answers 413 to what is too large, 404 to a photo of a stranger, and 403 to one of a crew whose shift is over."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Handle a request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        photo = _PHOTO.fullmatch(scope["path"]) if scope["method"] == "POST" else None
        forecast = scope["method"] == "POST" and scope["path"] == "/api/v1/weather-forecasts"
        crew = scope["method"] == "POST" and _CREW.fullmatch(scope["path"]) is not None
        arrays = scope["method"] == "POST" and scope["path"] == ARRAYS
        try:
            on_shift = crew and await _is_on_shift(request)
            most = PHOTO_MOST if photo is not None or on_shift else FORECAST_MOST if forecast else MOST
            if scope["method"] == "POST" and _LORAWAN.fullmatch(scope["path"]) is not None:
                most = WEBHOOK_MOST
            if scope["method"] == "POST" and _CODEC.fullmatch(scope["path"]) is not None:
                most = await _most_of_codecs(request, scope["path"])
            if arrays:
                most = await _most_of_arrays(request)
            _check_declared(request, most, _shift_is_over() if crew and not on_shift else None)
            if photo is not None:
                await _check_lives_in(request, photo[1] or photo[2])
        except HTTPException as refused:
            answer = problem(request, refused.status_code, str(refused.detail), dict(refused.headers or {}))
            await answer(scope, receive, send)
        except TransientError:
            await problem(request, 503, UNAVAILABLE, {"Retry-After": "10"})(scope, receive, send)
        else:
            is_json = "json" in request.headers.get("content-type", "json").lower()
            await self._app(scope, _counted(receive, most, is_json), send)


def _shift_is_over() -> HTTPException:
    """Answer a photo of a crew whose shift is over: its telephone keeps what it sends until somebody says who it is."""
    return HTTPException(403, "Say who you are first.", {"Connection": "close"})


def _too_large(most: int) -> HTTPException:
    mb = 2**20 if most % 2**20 == 0 else 1_000_000
    size = f"{most // mb} MB" if most >= mb else f"{most // 2**10} kB"
    return HTTPException(413, f"That is too large: at most {size} can be sent here.", {"Connection": "close"})


def _check_declared(request: Request, most: int, instead: HTTPException | None = None) -> None:
    """Raise where more is announced than is taken: 413, or ``instead``."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > DIGITS or int(declared) > most):
        raise instead or _too_large(most)


async def _is_on_shift(request: Request) -> bool:
    """Whether a crew's browser was let in, or one of a crew is signed in: it may send photos."""
    if pass_in(request.app.state.context, request.cookies.get(COOKIE, "")[:4000]) is not None:
        return True
    rule = rule_named("POST", "/crew/{lorry}/acts")
    return rule is not None and entitled(rule, await principal_of(request))


async def _most_of_arrays(request: Request) -> int:
    """Return how many bytes of observations in arrays are taken: of who may send them, as many as their setting says."""
    things, rule = request.app.state.context.sta, rule_named("POST", ARRAYS)
    if things is None or rule is None or not entitled(rule, await principal_of(request)):
        return MOST
    return int(things.reading.settings.create_bytes)


async def _most_of_codecs(request: Request, path: str) -> int:
    """Return how many bytes of a codec are taken: of who may write one as many as one has."""
    rule = rule_named("POST", path)
    return CODEC_MOST if rule is not None and entitled(rule, await principal_of(request)) else MOST


async def _check_lives_in(request: Request, code: str) -> None:
    content.check_lives_in(await member_of(request), code)


def _counted(receive: Receive, most: int, is_json: bool) -> Receive:
    """Return ``receive`` that raises 413 where more came than was allowed, whatever was declared, and 400 where JSON nests too deep."""
    taken, document = 0, bytearray()

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        piece = message.get("body", b"")
        taken += len(piece)
        if taken > most:
            raise _too_large(most)
        if is_json:
            document.extend(piece)
            if not message.get("more_body", False) and is_too_deep(bytes(document)):
                raise HTTPException(400, TOO_DEEP)
        return message

    return counted
