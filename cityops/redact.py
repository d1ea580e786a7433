"""What may be shown of connection strings, keys and other secrets."""

from __future__ import annotations

import re

_URI = re.compile(r"(?P<head>\w+://[^:/@\s]*):(?P<password>[^@\s]*)@")
_QUERY = re.compile(r"(?P<head>\bpassword=)(?P<password>'(?:[^'\\]|\\.)*'|[^\s&]+)")


def redact(text: str) -> str:
    """Return ``text`` with the passwords of any connection strings in it hidden."""
    text = _URI.sub(r"\g<head>:********@", text)
    return _QUERY.sub(r"\g<head>********", text)


_KEY = re.compile(r"\bcok_(?P<mark>[a-z0-9]{8})_[A-Za-z0-9_-]+")
"""A program's key: its mark names it in lists, the rest is the secret."""
_HEADER = re.compile(
    r"(?P<head>\b(?:bearer|authorization['\"]?[:=]\s*['\"]?basic)\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE
)
_NAMED = re.compile(
    r"password|passwd|secret|token|authorization|cookie|api_?key|private_?key|join_?code|otp|totp",
    re.IGNORECASE,
)
HIDDEN = "********"


def is_secret_name(name: str) -> bool:
    """Whether what has this name is shown to nobody."""
    return _NAMED.search(name) is not None


def redact_all(text: str) -> str:
    """Return ``text`` without passwords of connection strings, programs' keys, and what an ``Authorization`` header says."""
    if "://" in text or "password=" in text:
        text = redact(text)
    if "cok_" in text:
        text = _KEY.sub(r"cok_\g<mark>_********", text)
    return _HEADER.sub(r"\g<head>********", text)
