"""What an installation sets of open data."""

from __future__ import annotations

from pydantic import Field

from cityops.settings_group import Group


class OpenSettings(Group):
    """The catalogue of open data, its feeds and bulk exports (docs/open-data.md)."""

    licence: str = "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"
    """Address of the licence of every feed; the homes in them are counted as `housing.map_min_count` says."""
    contact: str = ""
    """Address that questions about the data go to: `mailto:` or `https:`."""
    exports_at_once: int = Field(default=2, ge=1)
    """Bulk exports that run at the same time."""
    exports_per_day: int = Field(default=20, ge=1)
    """Bulk exports a day of one network; a key of the role open_data or service has ten times as many."""
