"""Connection strings: what may be shown of them."""

from __future__ import annotations

import re

_URI = re.compile(r"(?P<head>\w+://[^:/@\s]*):(?P<password>[^@\s]*)@")
_QUERY = re.compile(r"(?P<head>\bpassword=)(?P<password>'(?:[^'\\]|\\.)*'|[^\s&]+)")


def redact(text: str) -> str:
    """Return ``text`` with the passwords of any connection strings in it hidden."""
    text = _URI.sub(r"\g<head>:********@", text)
    return _QUERY.sub(r"\g<head>********", text)
