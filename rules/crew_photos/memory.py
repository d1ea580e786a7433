"""The album of crews' photos in memory, with the behaviour of the database's: for tests."""

from __future__ import annotations

from dataclasses import dataclass, field

from rules.collection_acts.memory import MemoryActs
from rules.crew_photos.ports import MOST_BYTES, TOO_LARGE, NoActError
from rules.evidence.pictures import Picture
from rules.evidence.ports import RefusedError


@dataclass
class MemoryCrewAlbum:
    """:class:`rules.crew_photos.ports.CrewAlbum` in memory, on a book of acts."""

    acts: MemoryActs
    photos: dict[str, bytes] = field(default_factory=dict)

    async def keep(self, act_id: int, picture: Picture) -> None:
        """Keep the photo of an act; see the port."""
        if len(picture.jpeg) > MOST_BYTES:
            raise RefusedError(TOO_LARGE)
        named = any(
            a.act_id == act_id and a.seen.get("photo_sha256") == picture.sha256 for a in self.acts.acts
        )
        if not named:
            raise NoActError(f"No act {act_id} names that photo.")
        self.photos[picture.sha256] = picture.jpeg

    async def jpeg(self, sha256: str) -> bytes | None:
        """Return a photo."""
        return self.photos.get(sha256)
