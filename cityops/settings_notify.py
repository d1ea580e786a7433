"""What an installation sets of telling people and programs of alarms."""

from __future__ import annotations

import re

from pydantic import Field, SecretStr, field_validator

from cityops.settings_group import Group, Port, known_zone


class NotifySettings(Group):
    """Telling people and programs of alarms."""

    channels: dict[str, SecretStr] = Field(default={})
    """apprise URLs by channel name, one variable each: `CITYOPS_NOTIFY__CHANNELS__MAIL=mailtos://...?to={address}`.
    `{address}` becomes the recipient's; without it the channel is a team's."""
    govuk_key: SecretStr | None = None
    """API key of GOV.UK Notify; with it there are the channels `govuk_sms` and `govuk_email`."""
    govuk_sms_template: str = ""
    """Id of the text message's template, with `((title))` and `((body))`; empty: no such channel."""
    govuk_email_template: str = ""
    """Id of the mail's template, likewise."""
    govuk_url: str = "https://api.notifications.service.gov.uk"
    """Address of GOV.UK Notify."""
    webhook_secrets: dict[str, SecretStr] = Field(default={})
    """Secrets of webhooks by name, one variable each: `CITYOPS_NOTIFY__WEBHOOK_SECRETS__CRM=whsec_...`."""
    webhook_hosts: str = ""
    """Hosts, separated by commas, to which webhooks may go although they are private, and by plain http."""
    source: str = "urn:cityops"
    """What CloudEvents name as their source: a URI that tells this installation from others."""
    rota: SecretStr | None = None
    """iCalendar with the rota: an https address or a file, read each hour. Addresses of calendars are secret."""
    time_zone: str = "Europe/London"
    """IANA name of the zone of the rota's times that name none."""
    timeout_s: float = Field(default=10.0, gt=0, le=120)
    """Seconds that a channel's own calls get; after twice this and 2 s its thread is given up."""
    per_minute: float = Field(default=60.0, gt=0)
    """Messages a minute over one channel at most."""
    deliver_within_s: float = Field(default=900.0, gt=0)
    """Seconds after which a message that a channel took, and can tell of, counts as not known."""
    poll_s: float = Field(default=1.0, gt=0)
    """Seconds between looks into the outbox when no notification came."""
    health_port: Port = 0
    """Port of /healthz, /readyz and /metrics; 0 serves none."""

    @property
    def configured(self) -> bool:
        """Whether there is a channel to anybody."""
        return bool(self.channels or self.govuk_key is not None or self.webhook_secrets)

    @property
    def private_hosts(self) -> frozenset[str]:
        """The hosts of ``webhook_hosts``."""
        return frozenset(h.strip().lower() for h in self.webhook_hosts.split(",") if h.strip())

    @field_validator("channels", "webhook_secrets")
    @classmethod
    def _names_plain(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        lower = {name.lower(): secret for name, secret in value.items()}
        taken = sorted({"webhook", "govuk_sms", "govuk_email"} & lower.keys())
        wrong = sorted(n for n in lower if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", n))
        if taken or wrong:
            raise ValueError(
                f"{(taken or wrong)[0]!r}: small letters, digits, _ and -; not webhook, govuk_sms, govuk_email"
            )
        return lower

    @field_validator("time_zone")
    @classmethod
    def _rota_zone_known(cls, value: str) -> str:
        return known_zone(value)
