"""What a shadow's engine runs by: the catalogue in shadow, and the overrides that the live engine has taken."""

from __future__ import annotations

from cityops.errors import ConfigurationError
from rules.catalogue.ports import CatalogueStore, InUse
from rules.catalogue.rulebook import readable
from rules.core.parameters import Catalogue


class ShadowRulebook:
    """:class:`rules.catalogue.ports.Rulebook` of one stored catalogue; it changes nothing of the overrides."""

    def __init__(self, store: CatalogueStore, catalogue_id: int, catalogue: Catalogue) -> None:
        self._store, self._catalogue_id, self._catalogue = store, catalogue_id, catalogue

    async def in_use(self, settled_s: float | None) -> InUse:
        """Return the catalogue, with overrides from when the live engine took them."""
        taken = [o.override for o in await self._store.overrides() if o.is_taken]
        overrides = tuple(sorted(taken, key=lambda o: o.override_id))
        return InUse(self._catalogue_id, self._catalogue, overrides)


async def rulebook_of(store: CatalogueStore, catalogue_id: int) -> tuple[ShadowRulebook, Catalogue]:
    """Return what a stored catalogue's shadow runs by.

    Raises:
        ConfigurationError: this version of the software can't read it.
        TransientError: the store does not answer.
    """
    stored = await store.find(catalogue_id)
    if stored is None:
        raise ConfigurationError(f"there is no catalogue {catalogue_id}")
    catalogue = readable(stored)
    return ShadowRulebook(store, catalogue_id, catalogue), catalogue
