"""What an installation sets of the Grafana that boards and alert rules are pushed to."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class GrafanaSettings(BaseModel):
    """A running Grafana that `cityops grafana push` writes to (docs/grafana.md)."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    url: str = Field(default="http://127.0.0.1:3000", pattern=r"^https?://[^\s@]+$")
    """Where Grafana is, without a user or password; a path behind the host is kept."""
    token: SecretStr | None = None
    """Token of a service account of Grafana with the role Editor (Admin for the data source). Best as a file:
    `/run/secrets/cityops_grafana__token`."""
    timeout_s: float = Field(default=10.0, gt=0, le=300)
    """Seconds to wait for each of Grafana's answers."""
    web_url: str = Field(default="", pattern=r"^(https?://[^\s@]+)?$")
    """Where the boards' links into the web pages lead, where the ingester or a push has it; without it `http://127.0.0.1:8080`."""
    runbook_url: str = Field(default="docs/runbook.md", min_length=1)
    """Where the alarms' runbook is read; `#` and the alarm's name are put behind it."""
    alert_email: str = ""
    """Who is written to of the platform's own alarms, several with `;` between."""
    alert_webhook: SecretStr | None = None
    """URL that the platform's own alarms are posted to, beside or instead of the mail."""
    db_dsn: SecretStr | None = None
    """How Grafana itself reaches the database, for `push --datasource`: `postgresql://grafana:…@db:5432/cityops?sslmode=…`
    with a login that has only the role `cityops_reader`."""
    db_disk_gb: float | None = Field(default=None, gt=0)
    """How large the disk is that the database is on [GB, 10⁹ bytes]: from 80 % of it on the alarm `disk` fires. Set where the
    ingester runs; without it the alarm stays quiet."""
