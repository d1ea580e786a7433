"""Pages of a collection by cursor: ``cursor=`` asks for the one after, the ``Link`` header says where it is (RFC 8288)."""

from __future__ import annotations

from typing import Annotated, cast
from urllib.parse import urlencode

from fastapi import Depends, Query, Request, Response

from ops_api.rest.core import cursor as cursors
from ops_api.rest.core.problem_types import WRONG_CURSOR
from ops_api.rest.problem import ProblemError
from ops_api.routers.context import Context


class Paging:
    """The page that a request asks for."""

    def __init__(self, request: Request, response: Response, secret: bytes, cursor: str | None) -> None:
        self._path, self._response, self._secret = request.url.path, response, secret
        self._params = [(n, v) for n, v in request.query_params.multi_items() if n != "cursor"]
        self._asked = cursors.question(self._path, self._params)
        self._cursor = cursor

    def key(self, *types: type) -> list[str | int] | None:
        """Return the key after which the page begins, its parts of these types; None: it is the first page.

        Raises:
            ProblemError: the cursor is of another question, or none of ours.
        """
        if self._cursor is None:
            return None
        try:
            key = cursors.decode(self._cursor, self._asked, self._secret)
        except cursors.WrongCursorError as error:
            raise ProblemError(WRONG_CURSOR, f"cursor: {error}. Begin again without one.") from error
        if [type(part) for part in key] != list(types):
            raise ProblemError(WRONG_CURSOR, "cursor: of another question. Begin again without one.")
        return key

    def number(self, otherwise: int | None) -> int | None:
        """Return the number before which the page begins, for a collection in order of a number."""
        key = self.key(int)
        return otherwise if key is None else int(key[0])

    @property
    def headers(self) -> dict[str, str]:
        """What the page's answer says beside its document, for a route that makes its answer itself."""
        link = self._response.headers.get("Link")
        return {} if link is None else {"Link": link}

    def next(self, *key: str | int) -> None:
        """Say that there is another page, after the row with this key."""
        text = cursors.encode(key, self._asked, self._secret)
        address = f"{self._path}?{urlencode([*self._params, ('cursor', text)])}"
        self._response.headers["Link"] = f'<{address}>; rel="next"'


async def _paging(
    request: Request,
    response: Response,
    cursor: Annotated[
        str | None, Query(description="Where to go on; follow the Link header with rel next as it is")
    ] = None,
) -> Paging:
    context = cast(
        "Context", request.app.state.context
    )  # not as a dependency: each costs 3 % of a plain read
    return Paging(request, response, context.front.secret, cursor)


Pages = Annotated[Paging, Depends(_paging)]
