"""The reference page of all settings, written from the settings tree."""

from __future__ import annotations

import types
import typing
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from cityops.settings import Settings
from cityops.settings_check import CONFIG_VARIABLE, ENV_PREFIX, NESTED, variable

_INTRODUCTION = f"""# Settings

This page is written by `cityops config docs`; a test fails when it is out of date.

A setting is taken from the first place that has it:

1. an option of the command, where it has one (`--data-dir`, `--port`);
2. the environment: `{ENV_PREFIX}` + the path joined by `{NESTED}`, in capitals, as in the table;
3. a file of the same name in `/run/secrets` (Docker and Kubernetes secrets), or in the folder that
   `CITYOPS_SECRETS_DIR` names, or systemd for a unit with `LoadCredential=`;
4. the TOML file that `{CONFIG_VARIABLE}` names: `[ingest]` then `batch_rows = 2000`;
5. the default.

`cityops config show` prints what is in force and where each value came from, secrets hidden.
A setting that does not exist, in a file or as a `{ENV_PREFIX}` variable, is an error.

Thresholds of rules are not here: they are versioned in `rules/catalogue/`, so that every
decision can name the version it was made with.
"""


def render() -> str:
    """Return the page as Markdown."""
    general: dict[str, FieldInfo] = {}
    parts = [_INTRODUCTION]
    for name, info in Settings.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            parts.append(_section(f"`{name}`: {_first_line(kind)}", kind.model_fields, (name,)))
        else:
            general[name] = info
    parts.insert(1, _section("General", general, ()))
    return "\n".join(parts)


def _section(title: str, fields: dict[str, FieldInfo], path: tuple[str, ...]) -> str:
    rows = [_row((*path, name), info) for name, info in fields.items()]
    head = "| variable | default | meaning |\n| --- | --- | --- |\n"
    return f"## {title}\n\n{head}" + "\n".join(rows) + "\n"


def _row(path: tuple[str, ...], info: FieldInfo) -> str:
    meaning = " ".join((info.description or "").split())
    allowed = _allowed(info)
    return f"| `{variable(path)}` | {_default(info)} | {meaning}{allowed} |"


def _default(info: FieldInfo) -> str:
    default = info.default
    if default is PydanticUndefined:
        return "see meaning"
    if default is None or default in ("", {}):
        return "none"
    return f"`{default}`" if not isinstance(default, SecretStr) else "none"


def _allowed(info: FieldInfo) -> str:
    """Return the choices or limits of a setting in words."""
    choices = _choices(info.annotation)
    if choices:
        return " One of " + ", ".join(f"`{choice}`" for choice in choices) + "."
    limits = [_limit(item) for item in info.metadata]
    said = " and ".join(text for text in limits if text)
    return f" Must be {said}." if said else ""


def _choices(annotation: Any) -> tuple[Any, ...]:
    if typing.get_origin(annotation) is typing.Literal:
        return typing.get_args(annotation)
    if isinstance(annotation, types.UnionType):
        return next((found for part in annotation.__args__ if (found := _choices(part))), ())
    return ()


def _limit(item: Any) -> str:
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    for name, text in words.items():
        bound = getattr(item, name, None)
        if bound is not None:
            return f"{text} {bound:g}"
    return ""


def _first_line(kind: type[BaseModel]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0].rstrip(".")
