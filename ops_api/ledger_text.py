"""What ``cityops bins ledger`` says in words and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from rules.bin_ledger.ports import Setting
from rules.bin_ledger.settings import Compared
from rules.core.bin_ledger import shown
from rules.core.bin_ledger.statement import Statement
from rules.core.bin_ledger.tariffs import Tariffs
from rules.core.bin_ledger.values import Bin
from rules.core.bin_ledger.words import schedule as schedule_words

ROW = "{:<34} {:>13} {:>13} {:>13}  {:<26} {}"


def lines(s: Statement, digest: str) -> Iterator[str]:
    """Return a statement, line by line: the answer first."""
    yield s.answer
    yield ""
    state = "PROVISIONAL, not a month that is over; " if s.provisional else ""
    yield (
        f"{s.town}, {shown.period(s)}: {state}{s.judged} of {s.bins} bins judged, {s.bin_days_known} of {s.bin_days} bin-days known"
    )
    yield ""
    yield ROW.format("", "was", "fixed days", "difference", "90 % interval", "")
    for x in s.lines:
        cells = (
            shown.number(x.actual, x.unit),
            shown.number(x.fixed, x.unit),
            shown.signed(x.difference, x.unit),
        )
        yield ROW.format(x.name, *cells, shown.between(x), shown.verdict(x)).rstrip()
    yield ""
    yield shown.check(s)
    yield s.km_source
    yield from s.notes
    yield ""
    yield "key figures (was / fixed days)"
    yield from (
        f"  {name}: {was}{f' / {fixed}' if fixed else ''}" for name, was, fixed in map(shown.kpi, s.kpis)
    )
    yield "what would change the answer (saved against fixed days)"
    yield from (f"  {what}: {then}" for what, then in map(shown.what_if, s.what_ifs))
    yield from _ends(s, digest)


def _ends(s: Statement, digest: str) -> Iterator[str]:
    out = list(shown.left_out(s.left_out))
    if out:
        yield "in no figure"
        yield from (f"  {line}" for line in out)
    yield "compared with"
    yield from (f"  {line}" for line in s.schedule)
    yield f"inputs: SHA-256 {digest}"


def verified_lines(holds: bool, digest_holds: bool, wrong: Sequence[str]) -> Iterator[str]:
    """Return what a check found, line by line."""
    if holds:
        yield "holds: the inputs are those that it was made from, and every figure follows from them"
        return
    if not digest_holds:
        yield "does NOT hold: the inputs are not those that the digest was made of"
    yield from (f"does NOT hold: {line}" for line in wrong[:20])
    if len(wrong) > 20:
        yield f"… and {len(wrong) - 20} more"


def tariff_lines(t: Tariffs) -> Iterator[str]:
    """Return prices and factors, line by line."""
    for name in t.__struct_fields__:
        f = getattr(t, name)
        mark = "assumed" if f.assumed else ""
        yield f"{name:<20} {f.value:>10g} {f.low:>10g} {f.high:>10g}  {f.unit:<14} {f.year} {mark:<8} {f.source}"


def setting_lines(value: Compared | Tariffs, log: Sequence[Setting], bins: Sequence[Bin]) -> Iterator[str]:
    """Return what is set, and who set what when and why, newest first."""
    if isinstance(value, Tariffs):
        yield from tariff_lines(value)
    else:
        yield from schedule_words(value.schedule, bins)
        if value.baseline is not None:
            b = value.baseline
            yield f"Complaints before: {b.complaints} in {b.days} days ({b.source})."
    what = "tariffs" if isinstance(value, Tariffs) else "schedule"
    for s in log:
        if s.what == what:
            yield f"set {datetime.fromtimestamp(s.made_s, UTC):%Y-%m-%d %H:%M} UTC by {s.made_by}: {s.why}"
