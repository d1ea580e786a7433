"""The book of collection acts in memory, with the behaviour of the database's: for tests and dry runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from rules.collection_acts.ports import RefusedActError, RequestUsedError
from rules.core.collection_acts.chain import FIRST, link_of
from rules.core.collection_acts.open_reports import OpenReport, open_reports
from rules.core.collection_acts.record import BIN, CODES, Act, NewAct, What, reaches_engine, same, wrong


@dataclass
class MemoryActs:
    """:class:`rules.collection_acts.ports.CollectionActs` in memory.

    Attributes:
        bins: ids of bins with what is known of each.
        event_s: where the engine stands [s since 1970]; None: it has never run.
        batches: acts that reach the engine, with the event time as of which they count.
    """

    bins: dict[str, dict[str, Any]] = field(default_factory=dict)
    acts: list[Act] = field(default_factory=list)
    event_s: float | None = None
    batches: list[tuple[Act, float]] = field(default_factory=list)

    async def append(self, new: NewAct) -> Act:
        """Write an act down; see the port."""
        for known in self.acts:
            if new.request_id is not None and known.request_id == new.request_id:
                if not same(new, known):
                    raise RequestUsedError("That request was used for something else.")
                return known
        if (why := wrong(new)) is not None:
            raise RefusedActError(why)
        seen = dict(new.seen)
        if new.ref.startswith(BIN):
            found = self.bins.get(new.ref.removeprefix(BIN))
            if found is None:
                raise RefusedActError(f"There is no bin {new.ref.removeprefix(BIN)!r}.")
            seen |= {"bin": found}
        if new.withdraws is not None and not any(
            a.act_id == new.withdraws and a.ref == new.ref for a in self.acts
        ):
            raise RefusedActError(f"There is no act {new.withdraws} of {new.ref}.")
        act = self._link(new, seen)
        if self.event_s is not None and reaches_engine(act):
            self.batches.append((act, self.event_s))
        return act

    async def by_reference(self, reference: str) -> Act | None:
        """Return the act with a reference."""
        return next((a for a in self.acts if a.reference == reference), None)

    async def of_ref(self, ref: str, from_s: float, to_s: float) -> tuple[Act, ...]:
        """Return what was said of a bin or household."""
        return tuple(a for a in self._standing(from_s, to_s) if a.ref == ref)

    async def of_lorries(self, from_s: float, to_s: float) -> tuple[Act, ...]:
        """Return what crews said on their rounds."""
        return tuple(a for a in self._standing(from_s, to_s) if CODES[a.what] <= CODES["not_out"])

    def _standing(self, from_s: float, to_s: float) -> list[Act]:
        gone = {a.withdraws for a in self.acts if a.withdraws is not None}
        return [
            a for a in self.acts if from_s <= a.at_s < to_s and a.act_id not in gone and a.withdraws is None
        ]

    async def open_missed(self, since_s: float) -> tuple[OpenReport, ...]:
        """Return the missed collections that still wait."""
        return tuple(r for r in open_reports(self.acts) if r.act.at_s >= since_s)

    async def newest(self, what: What, limit: int) -> tuple[Act, ...]:
        """Return the newest acts of one kind."""
        return tuple(a for a in reversed(self.acts) if a.what == what)[:limit]

    async def chain(self) -> tuple[Act, ...]:
        """Return every act there is."""
        return tuple(self.acts)

    def _link(self, new: NewAct, seen: dict[str, Any]) -> Act:
        fields = {f: getattr(new, f) for f in NewAct.__struct_fields__}
        plain = msgspec.json.decode(msgspec.json.encode(seen))
        fields |= {"at_s": round(new.at_s, 3), "seen": plain}
        act = Act(act_id=len(self.acts) + 1, recorded_s=new.at_s, **fields)
        before = self.acts[-1].link if self.acts else FIRST
        self.acts.append(msgspec.structs.replace(act, link=link_of(before, act)))
        return self.acts[-1]
