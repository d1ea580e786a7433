"""A statement for paper, as plain values for the typesetter."""

from __future__ import annotations

from typing import Any

from rules.core.bin_ledger import shown
from rules.core.bin_ledger.statement import Statement
from rules.core.evidence.printable import printable


def document(s: Statement, digest: str, made: str) -> dict[str, Any]:
    """Return a statement's document.

    Args:
        s: the statement.
        digest: of its inputs.
        made: when and by whom, in words.
    """
    told: dict[str, Any] = {
        "title": f"Bins: savings statement, {shown.period(s)}",
        "subtitle": f"{s.town} · {s.judged} of {s.bins} bins judged · {s.bin_days_known} of {s.bin_days} bin-days known",
        "foot": f"{s.town} · {shown.period(s)} · inputs {digest[:16]}",
        "provisional": "PROVISIONAL: these days are not a month that is over." if s.provisional else "",
        "answer": s.answer,
        "lines": [
            [x.name, shown.number(x.actual, x.unit), shown.number(x.fixed, x.unit), shown.signed(x.difference, x.unit),
             shown.between(x), shown.verdict(x), x.note]
            for x in s.lines
        ],
        "check": shown.check(s),
        "km": s.km_source,
        "notes": list(s.notes),
        "kpis": [list(shown.kpi(k)) for k in s.kpis],
        "what_ifs": [list(shown.what_if(w)) for w in s.what_ifs],
        "schedule": list(s.schedule),
        "method": [*s.method, f"{100.0 * s.unseen_share:.1f} % of all that was thrown in is estimated, not seen."],
        "assumptions": [
            [a.name.replace("_", " "), f"{a.value:g} {a.unit}".strip(), f"{a.low:g} to {a.high:g}", f"{a.source} ({a.year})",
             "assumed" if a.assumed else ""]
            for a in s.assumptions
        ],
        "bins": [
            [r.label, str(r.days_known), shown.number(r.collections), shown.number(r.collections_fixed),
             shown.number(r.fill_pct), shown.number(r.overflow_min), shown.number(r.overflow_fixed_min)]
            for r in s.rows
        ],
        "left_out": list(shown.left_out(s.left_out)),
        "digest": digest,
        "made": made,
    }  # fmt: skip
    return {name: _printable(value) for name, value in told.items()}


def _printable(value: Any) -> Any:
    return [_printable(v) for v in value] if isinstance(value, list) else printable(value)
