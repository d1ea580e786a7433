"""``fields=name,kind``: a route's documents with these fields only.

A route of the class :class:`ChosenFields` offers it where its decorator has ``dependencies=FIELDS``. Names are checked
against what the documents declare; of documents whose names depend on the kind, against the first one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, get_args, get_origin

from fastapi import Depends, Query, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from ops_api.rest.core.chosen import only, strangers, wanted
from ops_api.rest.core.problem_types import UNKNOWN_FIELD
from ops_api.rest.problem import ProblemError

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


async def _declared(
    fields: Annotated[
        str | None, Query(description="Only these fields of each document, with commas between them")
    ] = None,
) -> None:
    """Have the parameter in the route's documentation, and known."""


FIELDS = [Depends(_declared)]


class ChosenFields(APIRoute):
    """A route whose answers are cut to the fields asked for."""

    def get_route_handler(self) -> Handler:
        """Return the handler."""
        handler = super().get_route_handler()
        if not any(one.dependency is _declared for one in self.dependencies):
            return handler
        within, item = _item_of(self.response_model)
        names = frozenset(item.model_fields)
        is_open = item.model_config.get("extra") == "allow"

        async def chosen(request: Request) -> Response:
            asked = request.query_params.get("fields")
            if asked is None:
                return await handler(request)
            keep = _checked(asked, names, is_open=is_open)
            return _cut(await handler(request), keep, within)

        return chosen


def _item_of(model: Any) -> tuple[str | None, type[BaseModel]]:
    """Return where in an answer its documents are, and their model."""
    if get_origin(model) is list:
        return None, get_args(model)[0]
    for name, field in model.model_fields.items():
        inner = get_args(field.annotation)
        if get_origin(field.annotation) is list and issubclass(inner[0], BaseModel):
            return name, inner[0]
    return None, model


def _checked(asked: str, names: frozenset[str], *, is_open: bool) -> list[str]:
    try:
        keep = wanted(asked)
    except ValueError as error:
        raise ProblemError(UNKNOWN_FIELD, f"fields: {error}.") from error
    if not is_open:
        _refuse(keep, names)
    return keep


def _refuse(keep: list[str], names: frozenset[str]) -> None:
    unknown = strangers(keep, names)
    if unknown:
        there = ", ".join(sorted(names))
        raise ProblemError(UNKNOWN_FIELD, f"fields: there is no {', '.join(unknown)}. There are: {there}.")


def _cut(answer: Response, keep: list[str], within: str | None) -> Response:
    if answer.status_code != 200:
        return answer
    document = json.loads(bytes(answer.body))
    items = document if isinstance(document, list) else [document]
    if within is None and items:
        _refuse(keep, frozenset(items[0]))
    body = json.dumps(only(document, keep, within), ensure_ascii=False, separators=(",", ":")).encode()
    headers = {n: v for n, v in answer.headers.items() if n not in ("content-length", "content-type")}
    return Response(body, 200, headers, media_type="application/json")
