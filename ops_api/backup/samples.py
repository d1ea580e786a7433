"""Which rows of a table are hashed. A sample's text is its fact's name, so that it can be taken again. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

_HEAD = "hash of "


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of a table: ``all``, a ``part`` (every 64th by its key), or those measured in the hour that begins then."""

    schema: str
    table: str
    which: str

    @property
    def at(self) -> datetime | None:
        """The hour's begin, where it is one."""
        return None if self.which in ("all", "part") else datetime.fromisoformat(self.which)

    @property
    def text(self) -> str:
        """``hash of part of public.device_sequence``."""
        return f"{_HEAD}{self.which} of {self.schema}.{self.table}"


def samples_in(names: Iterable[str]) -> list[Sample]:
    """Return the samples among names of facts."""
    found = []
    for name in names:
        if name.startswith(_HEAD):
            which, _, table = name.removeprefix(_HEAD).partition(" of ")
            schema, _, bare = table.partition(".")
            found.append(Sample(schema, bare, which))
    return found
