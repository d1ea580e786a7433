"""A handover on paper."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rules.core.evidence.printable import printable
from rules.core.incidents import handover as h
from rules.core.incidents.words import ref_of
from rules.evidence.card_pdf import set_card


def handover_pdf(found: h.Handover, zone: ZoneInfo) -> bytes:
    """Return a handover as a tagged PDF, one to four pages for the folder; the same bytes for the same handover."""
    rounds = found.shift.rounds
    parts = [
        *(
            {"title": f"Open: {x.owner}", "lines": [h.incident_line(i) for i in x.incidents]}
            for x in found.held
        ),
        {"title": "Tasks due", "lines": [h.due_line(d, zone) for d in found.due]},
        *(
            {
                "title": f"Changed: {ref_of(x.incident_id)} {x.title} ({x.state})",
                "lines": [f"{h.clock(at_s, zone)}  {text}" for at_s, text in x.lines],
            }
            for x in found.changed
        ),
        {"title": "Tonight's routes", "lines": [h.route_line(r, zone) for r in found.shift.routes]},
        {"title": "Today's rounds", "lines": [] if rounds is None else [h.rounds_line(rounds)]},
    ]
    document = {
        "title": "Handover",
        "subtitle": found.headline,
        "foot": f"Handover {h.clock(found.at_s, zone)}",
        "replaced": "",
        "facts": [["From", h.clock(found.since_s, zone)], ["To", h.clock(found.at_s, zone)]],
        "parts": parts,
    }
    return set_card("rules.incidents", _on_paper(document), datetime.fromtimestamp(found.at_s, UTC))


def _on_paper(value: Any) -> Any:
    """Return values whose texts can be set: people's words stand in nearly each of them."""
    if isinstance(value, dict):
        return {name: _on_paper(item) for name, item in value.items()}
    return [_on_paper(item) for item in value] if isinstance(value, list) else printable(value)
