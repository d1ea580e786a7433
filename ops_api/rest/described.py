"""The document of the API (OpenAPI 3.1): who may use what from the rules of routes, errors as they are, examples.

Generated from what the routes declare and from :data:`ops_api.access.rules.RULES`; nothing of it is written by hand.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.requests import Request
from starlette.types import Lifespan

from ops_api.access.model import Rule
from ops_api.access.rules import RULES
from ops_api.identity.core.scopes import SAID
from ops_api.rest.core.example import example
from ops_api.rest.kept import KEPT

Document = dict[str, Any]

ADDRESS = "/api/v1/openapi.json"
DESCRIPTION = """What the council's sensors measure and what the rules decide.

Times are RFC 3339 with offset; units are in the names of fields. Errors are RFC 9457
problems. Devices that stand in homes appear under the home's code only.
"""

SCHEMES: Document = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "A program's key (`cok_…`). What it may do is in its scopes: " + " ".join(f"`{name}`: {said}" for name, said in SAID.items())},
    "bearer": {
        "type": "http", "scheme": "bearer",
        "description": "A program's key, the token that `POST /api/v1/join` gives a resident, or a team's password.",
    },
    "basic": {"type": "http", "scheme": "basic", "description": "A key as the password, for programs that know nothing else."},
    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-cityops_staff", "description": "Somebody of the council who signed in."},
    "resident": {"type": "apiKey", "in": "cookie", "name": "__Host-cityops", "description": "Somebody who lives in a home."},
}  # fmt: skip
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_PROGRAM: list[dict[str, list[str]]] = [{"key": []}, {"bearer": []}, {"basic": []}]
_TAG = {"description": "Which answer it is: send it as If-None-Match", "schema": {"type": "string"}}
_LINK = {"description": 'The next page: `<…>; rel="next"`; none on the last', "schema": {"type": "string"}}


def bare_app(lifespan: Lifespan[FastAPI]) -> FastAPI:
    """Return an application without routes, which describes those that it is given."""
    app = FastAPI(
        title="cityops",
        description=DESCRIPTION,
        version=_version(),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    make = app.openapi

    def openapi() -> Document:
        if app.openapi_schema is None:
            document = make()
            app.openapi_schema = described(document)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way of changing it
    app.add_route(ADDRESS, _Written(app).answer, include_in_schema=False)
    return app


class _Written:
    """The document as it is sent: made once, when it is first asked for, in a thread. It takes more than a second of CPU."""

    def __init__(self, app: FastAPI) -> None:
        self._app, self._body, self._making = app, b"", asyncio.Lock()

    async def answer(self, _: Request) -> Response:
        """Return it."""
        async with self._making:
            self._body = self._body or await asyncio.to_thread(self._write)
        return Response(self._body, media_type="application/json")

    def _write(self) -> bytes:
        return json.dumps(self._app.openapi(), ensure_ascii=False, separators=(",", ":")).encode()


def described(document: Document) -> Document:
    """Return FastAPI's document with what it does not know."""
    schemas = document["components"]["schemas"]
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    document = _short_names(document)
    document["components"]["securitySchemes"] = SCHEMES
    schemas = document["components"]["schemas"]
    _short_ids(document)
    for method, path, operation in operations(document):
        rule = RULES.get(f"{method.upper()} {path}")
        if rule is not None:
            _say_who(operation, rule)
        _say_errors(operation)
        _say_headers(operation, method, path)
        _show(operation, schemas)
    return document


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Yield method, path and operation of all there are."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                yield method, path, operation


def _short_names(document: Document) -> Document:
    """Return it with names of schemas without our modules: ``ops_api__routers__work__Assign`` is ``WorkAssign``."""
    text = json.dumps(document)
    for name in document["components"]["schemas"]:
        module, _, last = name.rpartition("__")
        if module:
            area = module.rpartition("__")[2].removesuffix("_documents").removesuffix("schemas")
            text = text.replace(f'"{name}"', f'"{area.title().replace("_", "")}{last}"')
            text = text.replace(f'/{name}"', f'/{area.title().replace("_", "")}{last}"')
    found: Document = json.loads(text)
    for name, schema in found["components"]["schemas"].items():
        schema["title"] = name
    return found


def _short_ids(document: Document) -> None:
    """Name each operation by its function, where no other has the same: ``list_devices``."""
    short: dict[str, list[Document]] = {}
    for method, path, operation in operations(document):
        suffix = re.sub(r"\W", "_", f"{path}_{method}")
        short.setdefault(operation["operationId"].removesuffix(suffix), []).append(operation)
    for name, found in short.items():
        if len(found) == 1 and name:
            found[0]["operationId"] = name


def security_of(rule: Rule) -> list[dict[str, list[str]]]:
    """Return what a rule asks for, in OpenAPI's words: any one of these; an empty one: nothing at all."""
    if rule.who in ("open", "code"):
        return []
    if rule.who == "look":
        return [{}, *_PROGRAM, {"session": []}]
    if rule.who == "home":
        return [{"resident": []}, {"bearer": []}]
    team: list[dict[str, list[str]]] = [{"bearer": []}] if rule.door and not rule.scope else []
    return [{"session": []}, *(_PROGRAM if rule.scope else team)]


def _say_who(operation: Document, rule: Rule) -> None:
    operation["security"] = security_of(rule)
    if rule.roles:
        operation["x-roles"] = sorted(rule.roles)
    if rule.scope:
        operation["x-scope"] = rule.scope
    needed = {"401": "Who asks is not known."} if rule.who not in ("open", "code", "look") else {}
    if rule.who in ("roles", "door"):
        needed["403"] = "Who asks may not do this."
    if rule.cost != "cheap" or rule.audit == "change" or needed:
        needed["429"] = "Too many requests; `Retry-After` says how many seconds to wait."
    for status, said in needed.items():
        operation["responses"].setdefault(status, {"description": said})


def _say_errors(operation: Document) -> None:
    """Have every error be a problem, which is not ``application/json``."""
    operation["responses"].setdefault("413", {"description": "More was sent than is taken here."})
    for status, response in operation["responses"].items():
        if status.startswith(("4", "5")):
            response["content"] = dict(_PROBLEM)


def _say_headers(operation: Document, method: str, path: str) -> None:
    good = operation["responses"].get("200")
    if good is None:
        return
    if any(parameter["name"] == "cursor" for parameter in operation.get("parameters", ())):
        good.setdefault("headers", {})["Link"] = _LINK
    if method == "get" and path in KEPT:
        good.setdefault("headers", {})["ETag"] = _TAG
        operation["responses"]["304"] = {"description": "The client has it: `If-None-Match` names it."}


def _show(operation: Document, schemas: Mapping[str, Any]) -> None:
    """Put an example to each body that is JSON."""
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in bodies:
        for media, content in body.get("content", {}).items():
            if "json" in media and "schema" in content and not {"example", "examples"} & content.keys():
                content["example"] = example(content["schema"], schemas)


def _version() -> str:
    try:
        return version("cityops")
    except PackageNotFoundError:
        return "0"
