"""What an installation sets of LoRaWAN; its servers are in the database (`cityops lorawan add-source`)."""

from __future__ import annotations

from pydantic import Field

from cityops.settings_group import Group, HomePath


class LorawanSettings(Group):
    """LoRaWAN network servers as a source of readings (docs/lorawan.md)."""

    enabled: bool = True
    """Whether the ingester connects to the LoRaWAN servers of `cityops lorawan sources`. Without any it does nothing."""
    spool: HomePath | None = None
    """File in which events wait while the database is away; by default `lorawan-spool.sqlite` in `data_dir`. Servers send them once."""
    spool_mb: int = Field(default=64, ge=1, le=100_000)
    """Megabytes of it at most; beyond that the oldest are lost, and counted. An uplink has 1 to 3 kB."""
    codec_processes: int = Field(default=1, ge=1, le=32)
    """Processes that run makers' JavaScript codecs, in the ingester and in the website each; started when one is first needed. One does
    some 4,000 uplinks a second."""
