"""What is said about settings that are wrong: names, values, sources, what is allowed."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ValidationError

from cityops.errors import ConfigurationError

ENV_PREFIX = "CITYOPS_"
NESTED = "__"
CONFIG_VARIABLE = "CITYOPS_CONFIG"
"""Environment variable that names the TOML file."""

SECRETS_VARIABLE = "CITYOPS_SECRETS_DIR"
"""Environment variable that names the folder with secrets as files, instead of ``/run/secrets``."""
CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"
"""What systemd sets for a unit with ``LoadCredential=``: the folder with that unit's secrets."""

NOT_SETTINGS = (
    CONFIG_VARIABLE,
    SECRETS_VARIABLE,
    "CITYOPS_TEST_",
    "CITYOPS_REAL_DATA",
    "CITYOPS_BENCH_",
    "CITYOPS_BUNDLE_PASSPHRASE",
    "CITYOPS_OPERATOR",
)
"""Variables, or starts of them, which carry our prefix but are no settings."""


def leaves(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every single setting below ``model``."""
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from leaves(kind, (*path, name))
        else:
            yield (*path, name)


def variable(path: tuple[str, ...]) -> str:
    """Return the environment variable of a setting."""
    return ENV_PREFIX + NESTED.join(path).upper()


def secrets_folder(environ: Mapping[str, str]) -> str | None:
    """Return the folder of secret files that the environment names; None: the usual one."""
    return environ.get(SECRETS_VARIABLE) or environ.get(CREDENTIALS_VARIABLE) or None


def refuse_unknown_variables(model: type[BaseModel], environ: Mapping[str, str]) -> None:
    """Refuse a misspelt ``CITYOPS_`` variable, which would else be ignored in silence.

    Raises:
        ConfigurationError: naming the variable and the nearest setting.
    """
    known = {variable(path) for path in leaves(model)}
    named = tuple(variable(path) + NESTED for path in leaves(model) if _is_mapping(model, path))
    for name in sorted(environ):
        if not name.startswith(ENV_PREFIX) or name.startswith(NOT_SETTINGS) or name.upper() in known:
            continue
        if name.upper().startswith(named):
            continue
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        raise ConfigurationError(f"{name}: no such setting; the nearest is {near[0]}")


def _is_mapping(model: type[BaseModel], path: tuple[str, ...]) -> bool:
    """Whether a setting is several by names of the user's, each with a variable of its own."""
    info = model.model_fields[path[0]]
    if len(path) == 1:
        return typing.get_origin(info.annotation) is dict
    kind = info.annotation
    return isinstance(kind, type) and issubclass(kind, BaseModel) and _is_mapping(kind, path[1:])


def describe(error: ValidationError, environ: Mapping[str, str]) -> str:
    """Return one line per wrong setting."""
    return "\n".join(_line(dict(item), environ) for item in error.errors(include_url=False))


def _line(item: dict[str, object], environ: Mapping[str, str]) -> str:
    location = item["loc"]
    path = tuple(str(part) for part in location) if isinstance(location, tuple) else ()
    name = ".".join(path) or "settings"
    source = f" (from {variable(path)})" if variable(path) in environ else ""
    message = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        return f"{name}{source}: no such setting"
    given = item.get("input")
    shown = f" = {given!r}" if isinstance(given, str | int | float) and not _secret(path) else ""
    return f"{name}{shown}{source}: {message}"


def _secret(path: tuple[str, ...]) -> bool:
    hidden = {"password", "dsn", "token", "secret", "channels", "webhook_secrets", "govuk_key", "rota"}
    return bool(hidden & set(path))
