"""Answers that a client may have already: entity tags and times of change (RFC 9110)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from fastapi import Request
from fastapi.responses import Response


def http_date(at_s: float) -> str:
    """Return a time as HTTP writes it."""
    return format_datetime(datetime.fromtimestamp(int(at_s), UTC), usegmt=True)


def is_known(request: Request, etag: str, modified_s: float | None) -> bool:
    """Whether the client has this already: by its tag, or where it sends none by its time, where that is known."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        given = {t.strip().removeprefix("W/") for t in tags.split(",")}
        return "*" in given or etag in given
    since = request.headers.get("if-modified-since")
    if modified_s is None:
        return False
    try:
        at = None if since is None else parsedate_to_datetime(since)
    except ValueError:
        return False
    if at is None:
        return False
    return int(modified_s) <= (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()


def cached(
    request: Request,
    body: bytes,
    media_type: str,
    etag: str,
    modified_s: float | None,
    headers: dict[str, str],
) -> Response:
    """Return the body, or 304 without one where the client has it."""
    dated = {} if modified_s is None else {"Last-Modified": http_date(modified_s)}
    said = {"ETag": etag, **dated, **headers}
    if is_known(request, etag, modified_s):
        return Response(status_code=304, headers=said)
    return Response(body, media_type=media_type, headers=said)
