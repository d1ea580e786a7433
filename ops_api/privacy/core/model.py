"""What is said of a table: whose it tells of, what for, how long, and what becomes of it when somebody is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Whose = Literal["household", "reporter", "staff", "anybody"]
How = Literal["deleted", "blanked", "stays", "expires"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """A table that tells of people.

    Attributes:
        table: its name, ``summary.…`` outside the schema ``public``.
        of: whose: a household's; of who reported something; of staff; of anybody who is in a picture or a text.
        what: what is kept, in words.
        purpose: what for.
        keep: until when.
        how: what becomes of it when its people are forgotten: ``deleted``; ``blanked`` (the row stays, its words go);
            ``stays`` (``why`` says so); ``expires`` (nobody is asked: it goes within days).
        why: of what stays.
        names: columns that hold the name of who acted: what a member of staff is given of herself, with what stands in documents (JSON,
            lists of texts) of the same table.
        documents: names of staff stand in documents of it alone.
        export: where a household finds it in its own download; empty: it holds nothing readable, or only marks.
    """

    table: str
    of: Whose
    what: str
    purpose: str
    keep: str
    how: How
    why: str = ""
    names: tuple[str, ...] = ()
    documents: bool = False
    export: str = ""

    def __post_init__(self) -> None:
        """Refuse one that stays without a reason."""
        if (self.how == "stays") != bool(self.why):
            raise ValueError(f"{self.table}: what stays, and nothing else, says why")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Somewhere else than in a table where something of people is: a file, a cache, a device."""

    where: str
    what: str
    keep: str
    forgotten: str
