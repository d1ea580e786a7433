"""A handover as a document: of the API, and for ``--json``."""

from __future__ import annotations

from typing import Any

import msgspec

from ops_api.routers import incident_documents as documents
from rules.core.incidents import handover as h
from rules.core.incidents.model import Incident
from rules.core.incidents.words import ref_of


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


def _incident(incident: Incident, *, names: bool) -> dict[str, Any]:
    return documents.incident_document(incident, names=names).model_dump()


def _changed(x: h.Changed) -> dict[str, Any]:
    lines = [
        {"at": documents.moment(at_s), "source": "incident", "text": text, "href": ""}
        for at_s, text in x.lines
    ]
    return {"ref": ref_of(x.incident_id), "title": x.title, "state": x.state, "lines": lines}
