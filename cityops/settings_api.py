"""What an installation sets of the web pages and REST."""

from __future__ import annotations

from typing import Self

from pydantic import Field, field_validator, model_validator

from cityops.settings_group import Group, HomePath, Port, known_zone


class ApiSettings(Group):
    """Web pages and REST."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Port = 8080
    """Port to listen on; 0 takes a free one."""
    trusted_proxies: str = "127.0.0.1,::1"
    """Addresses or networks of reverse proxies, by commas, of which `X-Forwarded-For` and `X-Forwarded-Proto` are believed;
    empty: of none. From there wrong passwords and codes are counted by who is behind the proxy; a proxy elsewhere that is not named
    is one source for all its users. The proxy must set the headers itself."""
    certificates: str = ""
    """PEM files, by commas, of certificates whose end `/metrics` tells, such as the broker's."""
    council: str = "Ourtown Council"
    """Name in the header of every page."""
    time_zone: str = "Europe/London"
    """IANA name of the time zone that pages show."""
    public_url: str = Field(default="", pattern=r"^(https?://[^/\s]+/?)?$")
    """Address at which people reach the pages, as `https://city.example`: passkeys, sign-in by the provider and links in mail need
    it. Empty: as asked for, on this machine only."""
    tls_cert: HomePath | None = None
    """PEM file of the certificate, with its chain; given, pages are served by https. Read again when it changes."""
    tls_key: HomePath | None = None
    """PEM file of its key."""
    header_s: float = Field(default=10.0, gt=0)
    """Seconds within which a request's headers must have come."""
    body_s: float = Field(default=60.0, gt=0)
    """Seconds within which its body must have come."""
    request_s: float = Field(default=30.0, gt=0)
    """Seconds for an answer that is neither a stream nor an export."""
    statement_s: float = Field(default=30.0, ge=0.1, le=3600)
    """Seconds after which the database gives up a statement of the pages or REST."""
    connections_per_source: int = Field(default=100, ge=1)
    """Open connections of one address; those of trusted proxies are not counted."""
    keep_s: float = Field(default=1.0, ge=0, le=60)
    """Seconds for which answers that are open to everybody are kept and given to others who ask the same; 0: not at all."""
    dsn: str = Field(default="", repr=False)
    """Connection string of the website's own login (docs/deploy.md), after which three others are named; empty: `db.dsn` takes the
    role `cityops_api` as it connects."""
    resident_dsn: str = Field(default="", repr=False)
    """Connection string of a login that has the role `cityops_resident` and nothing else, for what residents
    read; empty: the API's own login takes that role for each transaction."""
    sample_home: str | None = None
    """Home code offered on the first page; for a demo only, since a code opens that home's page."""

    @field_validator("public_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.removesuffix("/")

    @field_validator("time_zone")
    @classmethod
    def _zone_known(cls, value: str) -> str:
        return known_zone(value)

    @model_validator(mode="after")
    def _certificate_and_key(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("give api.tls_cert and api.tls_key, or neither")
        return self
