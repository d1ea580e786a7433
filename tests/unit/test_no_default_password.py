"""No secret has a default: not in the settings, nor in what is deployed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from cityops.settings import Settings

ROOT = Path(__file__).parents[2]
SECRET = re.compile(r"password|secret|token|api_key|dsn", re.IGNORECASE)
NOT_SECRET = {"identity.password_least"}


def fields(model: type[BaseModel], at: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield each setting's path, its type and its default."""
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True, validated_data={})
        if isinstance(default, BaseModel):
            yield from fields(type(default), f"{at}{name}.")
        else:
            yield f"{at}{name}", field.annotation, default


def test_no_setting_that_is_a_secret_has_a_default() -> None:
    secret = {
        path: default
        for path, kind, default in fields(Settings)
        if kind is not bool and (SECRET.search(path) or "SecretStr" in str(kind)) and path not in NOT_SECRET
    }
    assert {"identity.secret", "winter.password", "db.dsn", "identity.oidc_client_secret"} <= secret.keys()
    assert {path: default for path, default in secret.items() if default not in (None, "", {})} == {}


def test_no_default_anywhere_is_a_secret() -> None:
    assert [path for path, _, default in fields(Settings) if isinstance(default, SecretStr)] == []


def test_what_is_deployed_names_files_of_secrets_and_no_values() -> None:
    given = re.compile(r"\b[A-Z_]*(?:PASSWORD|SECRET|TOKEN)[ \t]*[:=][ \t]*[\"']?(\S+)")
    assert given.findall("  GF_SECURITY_ADMIN_PASSWORD: admin\n") == ["admin"]
    found = {}
    for path in (ROOT / "docker-compose.yml", *sorted((ROOT / "deploy/kustomize/base").glob("*.yaml"))):
        text = re.sub(r"(?m)^\s*#.*$", "", path.read_text())
        values = [v for v in given.findall(text) if not v.startswith(("/run/", "$", "{", "<"))]
        if values:
            found[path.name] = values
    assert found == {}
