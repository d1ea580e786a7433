"""A handover as a document: of the API, for ``--json``, and as a PDF."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from ops_api.routers import incident_documents as documents
from rules.core.incidents import handover as h
from rules.core.incidents.words import ref_of
from rules.evidence.card_pdf import set_card


def handover_document(found: h.Handover, *, names: bool) -> documents.HandoverDocument:
    """Return a handover as the API gives it."""
    rounds = found.shift.rounds
    return documents.HandoverDocument.model_validate(
        {
            "at": documents.moment(found.at_s),
            "since": documents.moment(found.since_s),
            "headline": found.headline,
            "held": [
                {"owner": x.owner, "incidents": [_incident(i, names=names) for i in x.incidents]}
                for x in found.held
            ],
            "tasks": [
                {**msgspec.structs.asdict(d), "ref": ref_of(d.incident_id), "due": documents.moment(d.due_s)}
                for d in found.due
            ],
            "changed": [_changed(x) for x in found.changed],
            "routes": [
                {
                    **msgspec.structs.asdict(r),
                    "at": documents.moment(r.at_s),
                    "answered_at": documents.moment(r.answered_at_s),
                }
                for r in found.shift.routes
            ],
            "rounds": None if rounds is None else {**msgspec.structs.asdict(rounds), "out": list(rounds.out)},
        }
    )


def _incident(incident: Any, *, names: bool) -> dict[str, Any]:
    return documents.incident_document(incident, names=names).model_dump()


def _changed(x: h.Changed) -> dict[str, Any]:
    lines = [
        {"at": documents.moment(at_s), "source": "incident", "text": text, "href": ""}
        for at_s, text in x.lines
    ]
    return {"ref": ref_of(x.incident_id), "title": x.title, "state": x.state, "lines": lines}


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
    return set_card("rules.incidents", document, datetime.fromtimestamp(found.at_s, UTC))
