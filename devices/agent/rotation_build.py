"""Which credentials of a device are made anew by itself, and how: what its configuration says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from devices.agent.certificate_age import CertificateAge
from devices.agent.config import AgentConfig, ServerSection
from devices.agent.rotate import rotate_certificate, rotate_password, sender
from devices.agent.rotation import Due, PasswordAge, Rotation


@dataclass(frozen=True, slots=True)
class Way:
    """A credential that a claim may have made, and how it is made anew."""

    due: Due
    rotate: Callable[[], None]
    is_password: bool


def ways(config: AgentConfig, server: ServerSection) -> tuple[Way, ...]:
    """Return how the device's credentials are made anew.

    A configuration has both where somebody wrote the other one by hand. The server knows one credential of a device, and the
    device can't tell which: it asks for both, and the server refuses the one that it does not know (401).
    """
    name, broker = config.device.name, config.broker
    send, found = sender(name, server.url, server.ca), list[Way]()
    if broker.password_file is not None:
        password = Path(broker.password_file)
        age = PasswordAge(password, server.rotate_days)
        found.append(Way(age, partial(rotate_password, send, name, password), is_password=True))
    if broker.tls_cert is not None and broker.tls_cert == broker.tls_key:
        certificate = Path(broker.tls_cert)
        end = CertificateAge(certificate, server.rotate_days)
        found.append(Way(end, partial(rotate_certificate, send, name, certificate), is_password=False))
    return tuple(found)


def make_rotations(config: AgentConfig, server: ServerSection) -> tuple[Rotation, ...]:
    """Return the parts that rotate; none where there is nothing that claim made, or the password is to stay.

    A certificate has an end, so that it is made anew whatever ``rotate_days`` says.
    """
    return tuple(
        Rotation(way.due, way.rotate)
        for way in ways(config, server)
        if server.rotate_days > 0 or not way.is_password
    )
