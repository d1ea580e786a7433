"""What may be said of a failure: no address, no token, no URL."""

from __future__ import annotations

import logging
import re

_URL = re.compile(r"\b[\w+.-]+://\S+")
_LONGEST = 200
LOUD = ("apprise", "urllib3", "requests", "notifications_python_client")
"""Loggers of libraries that write URLs with tokens and addresses in them."""


def hide(text: str, *secrets: str) -> str:
    """Return ``text`` on one line without URLs and without ``secrets``, in 200 characters at most."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    return " ".join(_URL.sub("…", text).split())[:_LONGEST]


def silence() -> None:
    """Keep the libraries' own logs out of ours; what they would say comes back as verdicts."""
    for name in LOUD:
        logger = logging.getLogger(name)
        logger.handlers[:] = [logging.NullHandler()]
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)
