"""The document of the API: who may use what, errors as they are, an example of every JSON body that its schema allows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Annotated, Any, cast, get_args
from unittest.mock import Mock

import jsonschema
import pytest
from fastapi.params import Form
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError

from ops_api.access.rules import RULES
from ops_api.app import create_app
from ops_api.rest.described import operations
from ops_api.rest.kept import KEPT
from ops_api.routes import routes


@cache
def document() -> dict[str, Any]:
    app = create_app(Mock(), desk=cast("Any", None))
    return app.openapi()


@cache
def by_name() -> dict[str, dict[str, Any]]:
    return {f"{m.upper()} {p}": o for m, p, o in operations(document())}


def bodies(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the JSON bodies that an operation takes and gives."""
    of = [operation.get("requestBody", {}), *operation["responses"].values()]
    return [c for body in of for media, c in body.get("content", {}).items() if "json" in media]


def test_every_operation_says_who_may_use_it_as_its_rule_does() -> None:
    assert len(by_name()) > 120
    for name, operation in by_name().items():
        rule = RULES[name]
        asked = operation["security"]
        assert (asked == [] or {} in asked) == (rule.who in ("open", "code", "look")), name
        named = {scheme for one in asked for scheme in one}
        assert named <= document()["components"]["securitySchemes"].keys()
        assert operation.get("x-roles", []) == sorted(rule.roles)
        assert ("key" in named) == (rule.who == "look" or rule.scope != ""), name


def test_every_json_body_has_an_example_that_its_schema_allows() -> None:
    wrong, count = [], 0
    for name, operation in by_name().items():
        for content in bodies(operation):
            if "schema" not in content:
                continue
            schema = {**content["schema"], "components": document()["components"]}
            checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
            for example in (
                [content["example"]] if "example" in content else content.get("examples", {}).values()
            ):
                count += 1
                wrong += [f"{name}: {e.json_path} {e.message[:120]}" for e in checker.iter_errors(example)]
            if "example" not in content and "examples" not in content:
                wrong.append(f"{name}: without an example")
    assert wrong == []
    assert count > 300


def test_errors_are_problems_and_pages_say_where_the_next_is() -> None:
    for name, operation in by_name().items():
        for status, answer in operation["responses"].items():
            if status[0] in "45":
                assert list(answer["content"]) == ["application/problem+json"], (name, status)
        names = {p["name"] for p in operation.get("parameters", ())}
        if "cursor" in names:
            assert "Link" in operation["responses"]["200"]["headers"], name
    for path in set(KEPT) - {"/api/v1/openapi.json"}:
        assert "ETag" in by_name()[f"GET {path}"]["responses"]["200"]["headers"]
        assert "304" in by_name()[f"GET {path}"]["responses"]


def test_the_document_is_openapi_3_1_and_names_nothing_twice() -> None:
    assert document()["openapi"].startswith("3.1.")
    ids = [o["operationId"] for o in by_name().values()]
    assert len(ids) == len(set(ids))
    assert {"list_devices", "export_readings", "readings_stream"} <= set(ids)
    schemas = document()["components"]["schemas"]
    assert [name for name in schemas if "__" in name] == []
    assert [name for name, schema in schemas.items() if schema["title"] != name] == []


@pytest.mark.parametrize("name", ["Problem", "DevicePage", "WrongValue"])
def test_what_programs_need_is_among_the_schemas(name: str) -> None:
    assert name in document()["components"]["schemas"]


def numbers_of(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a body, and of bodies in it, that are a number and nothing else, each as it is checked."""
    for name, field in model.model_fields.items():
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from numbers_of(part)
        if {field.annotation, *get_args(field.annotation)} & {int, float}:
            yield f"{model.__name__}.{name}", Annotated[field.annotation, *field.metadata]


def body_models() -> set[type[BaseModel]]:
    apart: list[Any] = list(routes())  # each in a router of its own
    inner = [one for route in apart for one in getattr(route, "original_router", route).routes]
    declared = [p for one in inner if isinstance(one, APIRoute) for p in one.dependant.body_params]
    models = {p.field_info.annotation for p in declared if not isinstance(p.field_info, Form)}
    found = {part for m in models for part in (m, *get_args(m))}
    return {m for m in found if isinstance(m, type) and issubclass(m, BaseModel)}


def test_a_truth_is_no_number_in_any_body() -> None:
    """pydantic takes false for 0; the document says integer."""
    assert len(body_models()) > 30
    taken = set()
    for name, checked in (number for model in body_models() for number in numbers_of(model)):
        for truth in (True, False):
            with suppress(ValidationError):
                TypeAdapter(checked).validate_python(truth)
                taken.add(name)
    assert taken == set()
