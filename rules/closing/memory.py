"""Closures and notes in memory, with the behaviour of the database's: for tests and dry runs."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import msgspec

from rules.closing.ports import ClosureRefusedError, NewWhatIf, NoSuchWhatIfError, WhatIf
from rules.core.closing.model import Closure, NewClosure, Opening
from rules.core.closing.opening import of_closure, opened_by, refused_words, unknown_words


@dataclass
class MemoryClosures:
    """:class:`rules.closing.ports.ClosureBook` in memory; ``segments``: that there are."""

    segments: Collection[str]
    closures: list[Closure] = field(default_factory=list)

    async def between(self, from_s: float, to_s: float) -> Sequence[Closure]:
        """Return the closures of a time."""
        return [c for c in self.closures if any(c.closes(s, from_s, to_s) for s in c.segments)]

    async def close(self, new: NewClosure) -> Closure:
        """Keep a closure."""
        for known in self.closures:
            if new.request_id is not None and known.request_id == new.request_id:
                return known
        if unknown := [s for s in new.segments if s not in self.segments]:
            raise ClosureRefusedError(unknown_words(unknown))
        fields = {f: getattr(new, f) for f in NewClosure.__struct_fields__}
        self.closures.append(Closure(closure_id=len(self.closures) + 1, **fields))
        return self.closures[-1]

    async def open(self, opening: Opening, closure_id: int | None = None) -> Sequence[Closure]:
        """Open stretches."""
        holding = of_closure(await self.between(opening.at_s, math.inf), closure_id)
        if words := refused_words(holding, opening):
            raise ClosureRefusedError(words)
        found = []
        for number, c in enumerate(self.closures):
            if c in holding and (part := opened_by(c, opening)) is not None:
                self.closures[number] = msgspec.structs.replace(c, opened=(*c.opened, part))
                found.append(self.closures[number])
        return found


@dataclass
class MemoryWhatIfs:
    """:class:`rules.closing.ports.WhatIfBook` in memory."""

    kept: list[WhatIf] = field(default_factory=list)

    async def keep(self, new: NewWhatIf) -> WhatIf:
        """Keep a note."""
        for known in self.kept:
            if new.request_id is not None and known.request_id == new.request_id:
                return known
        fields = {f: getattr(new, f) for f in NewWhatIf.__struct_fields__}
        self.kept.append(WhatIf(what_if_id=len(self.kept) + 1, **fields))
        return self.kept[-1]

    async def what_if(self, what_if_id: int) -> WhatIf:
        """Return a note."""
        if not 1 <= what_if_id <= len(self.kept):
            raise NoSuchWhatIfError(f"There is no what-if {what_if_id}.")
        return self.kept[what_if_id - 1]

    async def newest(self, most: int) -> Sequence[WhatIf]:
        """Return the newest notes."""
        return self.kept[::-1][:most]
