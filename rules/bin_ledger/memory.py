"""The ledger's ports in memory: for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from rules.bin_ledger.ports import Month, NewStatement, Setting
from rules.bin_ledger.settings import Compared, shipped_tariffs
from rules.core.bin_ledger.tariffs import Tariffs
from rules.core.bin_ledger.values import Bin, Complaint, Driven, Emptied, SensorWork, Trace


@dataclass
class MemoryLedger:
    """:class:`rules.bin_ledger.ports.LedgerSource` in memory."""

    all_bins: tuple[Bin, ...] = ()
    all_traces: tuple[Trace, ...] = ()
    all_emptyings: tuple[Emptied, ...] = ()
    all_rounds: tuple[Driven, ...] | None = None
    all_complaints: tuple[Complaint, ...] | None = None
    all_work: tuple[SensorWork, ...] = ()

    async def bins(self) -> tuple[Bin, ...]:
        """Return the bins."""
        return tuple(sorted(self.all_bins, key=lambda b: b.bin_id))

    async def traces(self, from_s: float, to_s: float, emptyings: Sequence[Emptied]) -> tuple[Trace, ...]:
        """Return the fills of the time."""
        found = []
        for t in sorted(self.all_traces, key=lambda t: t.bin_id):
            now = (t.t_s >= from_s) & (t.t_s < to_s)
            if now.any():
                found.append(
                    Trace(bin_id=t.bin_id, t_s=t.t_s[now], fill_pct=t.fill_pct[now], sd_pct=t.sd_pct)
                )
        return tuple(found)

    async def emptyings(self, from_s: float, to_s: float) -> tuple[Emptied, ...]:
        """Return the emptyings of the time."""
        return tuple(sorted((e for e in self.all_emptyings if from_s <= e.t_s < to_s), key=lambda e: e.t_s))

    async def rounds(self, first: date, last: date) -> tuple[Driven, ...] | None:
        """Return the rounds of the days."""
        if self.all_rounds is None:
            return None
        return tuple(d for d in self.all_rounds if first <= d.day <= last)

    async def complaints(self, from_s: float, to_s: float) -> tuple[Complaint, ...] | None:
        """Return the complaints of the time."""
        if self.all_complaints is None:
            return None
        return tuple(c for c in self.all_complaints if from_s <= c.t_s < to_s)

    async def work(self, from_s: float, to_s: float) -> tuple[SensorWork, ...]:
        """Return the work orders of the time."""
        return tuple(
            w for w in self.all_work if w.opened_s < to_s and (w.closed_s is None or w.closed_s >= from_s)
        )


@dataclass
class MemorySettings:
    """:class:`rules.bin_ledger.ports.LedgerSettings` in memory; ``now_s``: the wall's time [s since 1970]."""

    now_s: float = 0.0
    values: list[tuple[Setting, Compared | Tariffs]] = field(default_factory=list)

    async def compared(self) -> Compared | None:
        """Return the newest schedule."""
        found = [v for _, v in self.values if isinstance(v, Compared)]
        return found[-1] if found else None

    async def tariffs(self) -> Tariffs:
        """Return the newest tariffs."""
        found = [v for _, v in self.values if isinstance(v, Tariffs)]
        return found[-1] if found else shipped_tariffs()

    async def put(self, value: Compared | Tariffs, *, by: str, why: str) -> None:
        """Append one."""
        what = "schedule" if isinstance(value, Compared) else "tariffs"
        self.values.append(
            (
                Setting(
                    what="schedule" if what == "schedule" else "tariffs",
                    made_s=self.now_s,
                    made_by=by,
                    why=why,
                ),
                value,
            )
        )

    async def log(self) -> Sequence[Setting]:
        """Return who set what."""
        return [s for s, _ in reversed(self.values)]


@dataclass
class MemoryStatements:
    """:class:`rules.bin_ledger.ports.StatementBook` in memory.

    Attributes:
        busy: times at which bins were measured [s since 1970].
        counted: up to which event time readings have counted [s since 1970].
        statements: those that are kept.
    """

    busy: Sequence[float] = ()
    counted: float | None = None
    statements: dict[date, NewStatement] = field(default_factory=dict)

    async def due(self, months: Sequence[Month]) -> list[date]:
        """Return the months that are due."""
        found = [m for m in months if any(m.from_s <= s < m.to_s for s in self.busy)]
        return sorted(m.first for m in found if m.first not in self.statements)

    async def counted_s(self) -> float | None:
        """Return up to which event time readings have counted."""
        return self.counted

    async def kept(self, month: date) -> bytes | None:
        """Return the document of a month."""
        found = self.statements.get(month)
        return None if found is None else found.document

    async def months(self) -> Sequence[tuple[date, str]]:
        """Return the months with their answers."""
        return [(m, s.answer) for m, s in sorted(self.statements.items(), reverse=True)]

    async def put(self, new: NewStatement) -> bool:
        """Keep a statement."""
        return self.statements.setdefault(new.month, new) is new
