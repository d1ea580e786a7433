"""What an installation sets of the fleet service."""

from __future__ import annotations

from pydantic import Field, SecretStr

from cityops.settings_group import Group, Port


class FleetSettings(Group):
    """Tells devices their settings, and answers what they ask (docs/fleet-settings.md)."""

    mqtt_username: str = ""
    """User of the broker as whom devices are told; empty: that of `mqtt`."""
    mqtt_password: SecretStr | None = None
    """Password of that user."""
    poll_s: float = Field(default=2.0, gt=0, le=60)
    """Seconds between looks where no notification came."""
    per_s: float = Field(default=50.0, gt=0, le=5000)
    """Messages a second that devices are sent at most."""
    confirm_within_s: int = Field(default=600, ge=10, le=86_400)
    """Seconds that a device waits for the confirmation of a change that could cut it off, before it takes it back."""
    health_port: Port = 0
    """Port of /healthz, /readyz and /metrics; 0 serves none."""
