"""What an installation sets of claims, devices' credentials and the broker's logins."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator

from cityops.settings_group import Group, HomePath, Port


class ProvisioningSettings(Group):
    """How devices come to be known (docs/provisioning.md)."""

    host: str = ""
    """Host name of the broker as devices reach it; empty: `mqtt.host`."""
    port: Port = 8883
    """Port of the broker for devices."""
    broker_ca: HomePath | None = None
    """PEM file of the authority that signed the broker's certificate: devices are given it. Without it they claim nothing at a broker on
    another machine, since their passwords would go in the clear (`cityops-agent claim --plain` for a bench)."""
    label_days: int = Field(default=180, ge=1, le=3650)
    """Days that a label's code opens."""
    login_file: HomePath | None = None
    """Mosquitto's password file, in which the ingester keeps devices' logins; its folder must be the ingester's to write in.
    Empty: the private broker's, where one runs in the data folder, else none is kept."""
    broker_pid: HomePath | None = None
    """File with the broker's process id, which is told to read its files again (SIGHUP). Empty: whoever started the broker
    watches the file (`deploy/mosquitto/watch.sh`)."""
    username: str = "devices"
    """Login of the broker by which live sessions of devices are ended."""
    password: SecretStr | None = None
    """Its password. Without it a session by certificate lives on until it reconnects."""
    dynamic_security: bool = False
    """Whether the broker has Mosquitto's plugin for dynamic security: who is revoked is then refused without a reload."""
    ca_cert: HomePath | None = None
    """PEM file of the authority for devices' certificates. Without it devices have passwords alone."""
    ca_key: HomePath | None = None
    """Its key, on P-256; of the API and the ingester."""
    revocations: HomePath | None = None
    """File with the list of revoked certificates, which the broker reads (`crlfile`)."""
    health_port: Port = 0
    """Port of /healthz, /readyz and /metrics of `cityops devices keep`; 0 serves none."""
    contact: str = ""
    """Where weaknesses are reported, `mailto:` or `https:`: told in `/.well-known/security.txt` and `/security`."""
    support_until: str = Field(default="", pattern=r"^(\d{4}-\d{2}-\d{2})?$")
    """Last day, as 2031-03-31, until which devices get security updates: told in `/security`, as the law asks."""

    @model_validator(mode="after")
    def _authority_whole(self) -> Self:
        if (self.ca_cert is None) != (self.ca_key is None):
            raise ValueError("give provisioning.ca_cert and provisioning.ca_key, or neither")
        return self
