"""What pip is told on this machine, handed to ``uv``, which does not read pip's settings."""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Mapping

# pip's option -> (uv's variable, what separates several values)
_SAME = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "no-index": ("UV_NO_INDEX", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "default-timeout": ("UV_HTTP_TIMEOUT", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
    "proxy": ("ALL_PROXY", " "),
}
_OLDER_NAMES = {"UV_DEFAULT_INDEX": "UV_INDEX_URL", "UV_INDEX": "UV_EXTRA_INDEX_URL"}


def for_uv(python: str, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment variables which make ``uv`` do what pip would.

    What is set for uv itself stays as it is.

    Args:
        python: interpreter whose pip is asked; without pip only ``PIP_*`` counts.
        environ: the environment.
    """
    return translate(parse(_config_list(python)) | from_environment(environ), environ)


def translate(options: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return uv's variables for pip's ``options``, without those that ``environ`` sets."""
    variables: dict[str, str] = {}
    for option, value in options.items():
        name, separator = _SAME.get(option, ("", ""))
        if not name or environ.get(name) or environ.get(_OLDER_NAMES.get(name, "")):
            continue
        if option == "no-index" and value.lower() not in {"1", "true", "yes", "on"}:
            continue
        variables[name] = separator.join(value.split())
    if "UV_INDEX" in variables:
        # pip takes the best of all indexes; every file is pinned by its hash anyway.
        variables["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return variables


def parse(text: str) -> dict[str, str]:
    """Return the options in what ``pip config list`` prints; ``[install]`` wins over ``[global]``."""
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}}
    for line in text.splitlines():
        key, _, value = line.partition("=")
        section, _, option = key.partition(".")
        if section in found:
            found[section][option] = str(ast.literal_eval(value))
    return found["global"] | found["install"]


def from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the options given as ``PIP_*`` variables."""
    return {
        name.removeprefix("PIP_").lower().replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("PIP_") and value
    }


def _config_list(python: str) -> str:
    done = subprocess.run(
        [python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    return done.stdout if done.returncode == 0 else ""
