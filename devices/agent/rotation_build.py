"""Which credential of a device is made anew by itself, and how: what its configuration says."""

from __future__ import annotations

from pathlib import Path

from devices.agent.certificate_age import CertificateAge
from devices.agent.config import AgentConfig, ServerSection
from devices.agent.rotate import rotate_certificate, rotate_password, sender
from devices.agent.rotation import PasswordAge, Rotation


def make_rotation(config: AgentConfig, server: ServerSection) -> Rotation | None:
    """Return the part that rotates; None where there is nothing that claim made, or the password is to stay.

    A certificate has an end, so that it is made anew whatever ``rotate_days`` says.
    """
    name, broker = config.device.name, config.broker
    send = sender(name, server.url, server.ca)
    if broker.password_file is not None and server.rotate_days > 0:
        password = Path(broker.password_file)
        return Rotation(
            PasswordAge(password, server.rotate_days), lambda: rotate_password(send, name, password)
        )
    if broker.tls_cert is not None and broker.tls_cert == broker.tls_key:
        certificate = Path(broker.tls_cert)
        return Rotation(
            CertificateAge(certificate, server.rotate_days),
            lambda: rotate_certificate(send, name, certificate),
        )
    return None
