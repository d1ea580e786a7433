"""A device makes its next credential, has the server know it, and goes over to it once it works.

A password goes over when the broker has accepted it (:mod:`devices.agent.credential`). A certificate is put in the place of
the one before at once, since both are good for thirty days.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cityops.errors import ConfigurationError, TransientError
from devices.agent import own_key
from devices.agent.asking import PROVES_NOTHING, RefusedError, post
from devices.agent.credential import new_password, next_of, verifier_of, write

Post = Callable[[str, Mapping[str, Any], str], dict[str, Any]]
"""Sends a document to a path of the server, with a password or none, and returns the answer."""
_BEGIN = "-----BEGIN CERTIFICATE-----"


def sender(name: str, server: str, ca: str | None) -> Post:
    """Return what reaches a server as a device; ``ca``: of its certificate, where the system does not know it."""

    def send(path: str, body: Mapping[str, Any], password: str) -> dict[str, Any]:
        basic = base64.b64encode(f"{name}:{password}".encode()).decode()
        known = None if ca is None else Path(ca)
        return post(server, path, body, ca=known, authorization=f"Basic {basic}" if password else "")

    return send


def rotate_password(send: Post, name: str, path: Path) -> None:
    """Have the server know the device's next password; it is used from the next connection on.

    Raises:
        ConfigurationError: the server says no, or a file can't be read or written.
        TransientError: the server does not answer; the present password goes on.
    """
    try:
        present = path.read_text(encoding="utf-8").strip()
        waiting = next_of(path)
        is_new = not waiting.exists()
        if is_new:
            write(waiting, new_password() + "\n")
        following = waiting.read_text(encoding="utf-8").strip()
    except OSError as e:
        raise ConfigurationError(f"{e.filename} can't be read or written: {e.strerror}") from e
    except UnicodeDecodeError as e:
        raise ConfigurationError(f"{path} is no text: a password that claim made is one") from e
    try:
        send(_path(name), {"verifier": verifier_of(following)}, present)
    except RefusedError as e:
        if is_new and e.status == PROVES_NOTHING:  # the server never knew it: it is not for the broker either
            waiting.unlink(missing_ok=True)
        raise


def rotate_certificate(send: Post, name: str, path: Path) -> None:
    """Put a new key with its certificate in the place of the present ones. Raises as :func:`rotate_password`."""
    try:
        key, _, certificate = path.read_text(encoding="utf-8").partition(_BEGIN)
        waiting = next_of(path)
        if not waiting.exists():
            write(waiting, own_key.new_key())
        following = waiting.read_text(encoding="utf-8")
        csr = own_key.request_for(following)
        body = {"csr": csr, "certificate": _BEGIN + certificate, "signature": own_key.sign(key, csr)}
        made = str(send(_path(name), body, "").get("certificate", ""))
        if _BEGIN not in made:
            raise TransientError("the server's answer has no certificate in it")
        write(path, following + made)
        waiting.unlink()
    except OSError as e:
        raise ConfigurationError(f"{e.filename} can't be read or written: {e.strerror}") from e
    except UnicodeDecodeError as e:
        raise ConfigurationError(f"{path} is no text: a certificate that claim made is one") from e


def _path(name: str) -> str:
    return f"/api/v1/devices/{name}/credential"
