"""The files of a private Mosquitto: configuration for the version found, passwords, rights."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cityops.errors import ConfigurationError

Version = tuple[int, int, int]
MINIMUM_VERSION: Version = (2, 0, 0)
MAX_MESSAGE_BYTES = 4_000_000
"""Above the 1 MB that a broken device may send: the ingester shall see it and say why it is refused."""

_HASH_ITERATIONS = 1000
"""Passwords here are long random tokens; the rounds only have to hide them from a glance."""


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """A service's login: may use any client id.

    Attributes:
        password: in clear; stored hashed.
        rights: lines of an ACL file, e.g. ``read city/+/up``.
    """

    password: str
    rights: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """Who may do what.

    Attributes:
        devices: password by user name. A device's client id is its user name.
        device_rights: lines of an ACL file with ``%u`` for the user name, e.g. ``write city/%u/up``.
        services: logins by user name; they use a listener of their own on the loopback address.
        anybody_rights: lines of an ACL file for who gives no name, on a port of their own where there is one.
    """

    devices: Mapping[str, str]
    device_rights: Sequence[str]
    services: Mapping[str, ServiceUser]
    anybody_rights: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Listener:
    """One port of the broker."""

    port: int
    host: str
    devices: bool
    anybody: bool = False


def configuration(version: Version, listeners: Iterable[Listener], folder: Path, *, named_users: bool) -> str:
    """Return ``mosquitto.conf``.

    Sessions queue without limit and inflight messages are bounded by the receivers' own
    Receive Maximum: the defaults drop everything beyond 1,000 messages in silence.
    """
    if version < MINIMUM_VERSION:
        raise ConfigurationError(f"mosquitto {_text(version)} is too old; 2.0 or newer is needed")
    listed = list(listeners)
    each = any(listener.anybody for listener in listed)
    lines = [
        f"per_listener_settings {'true' if each else 'false'}",
        "persistence true",
        f"persistence_location {folder}/",
        "autosave_interval 60",
        "max_queued_messages 0",
        "max_inflight_messages 0",
        f"max_packet_size {MAX_MESSAGE_BYTES}",
        "persistent_client_expiration 14d",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
        "log_type information",
        "log_timestamp_format %Y-%m-%dT%H:%M:%S",
        "connection_messages false",
        "set_tcp_nodelay true",
        "sys_interval 10",
    ]
    if not each:
        lines += _access(folder, named_users)
    for listener in listed:
        lines += _listener(version, listener, named_users)
        if each:
            lines += _anybody(folder) if listener.anybody else _access(folder, named_users)
    return "\n".join(lines) + "\n"


def _access(folder: Path, named_users: bool) -> list[str]:
    if not named_users:
        return ["allow_anonymous true"]
    return ["allow_anonymous false", f"password_file {folder}/passwords", f"acl_file {folder}/acl"]


def _anybody(folder: Path) -> list[str]:
    return ["allow_anonymous true", f"acl_file {folder}/acl-anybody"]


def _listener(version: Version, listener: Listener, named_users: bool) -> list[str]:
    lines = [f"listener {listener.port} {listener.host}"]
    if listener.devices and named_users:
        # Else a device could take over another's session by its client id.
        lines.append("use_username_as_clientid true")
        if version >= (2, 1, 0):
            lines.append("accept_protocol_versions 5")  # 3.1.1 is not told when it is refused
    return lines


def password_file(access: Access) -> str:
    """Return the password file: a PBKDF2-HMAC-SHA512 line for each user."""
    secrets = dict(access.devices) | {name: user.password for name, user in access.services.items()}
    return "".join(f"{_user(name)}:{password_hash(secret)}\n" for name, secret in secrets.items())


def password_hash(password: str, salt: bytes | None = None) -> str:
    """Return the hash in mosquitto's format 7: ``$7$iterations$salt$hash``, base64."""
    salt = os.urandom(12) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _HASH_ITERATIONS)
    parts = (base64.b64encode(salt).decode(), base64.b64encode(digest).decode())
    return f"$7${_HASH_ITERATIONS}${parts[0]}${parts[1]}"


def acl_file(access: Access) -> str:
    """Return the ACL file: services by name, devices by pattern."""
    lines: list[str] = []
    for name, user in access.services.items():
        lines.append(f"user {_user(name)}")
        lines += [f"topic {right}" for right in user.rights]
        lines.append("")
    lines += [f"pattern {right}" for right in access.device_rights]
    return "\n".join(lines) + "\n"


def anybody_file(access: Access) -> str:
    """Return the ACL file of the port for who gives no name: nothing but their rights."""
    return "".join(f"topic {right}\n" for right in access.anybody_rights)


def _user(name: str) -> str:
    if not name or any(character in name for character in ":/#+\n\r"):
        raise ConfigurationError(f"broker user {name!r}: a name without : / # + is needed")
    return name


def _text(version: Version) -> str:
    return ".".join(map(str, version))
