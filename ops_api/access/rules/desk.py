"""Rules of routes: alarms, work, incidents and the operations centre. Everybody may look; whoever acts is known."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Role, Rule
from ops_api.access.rules.words import (
    DESK,
    OPEN,
    OPEN_PAGE,
    OPEN_WRITE_PAGE,
    may_change,
    shown,
    team_act,
)

_ACT = may_change(*DESK, scope="desk:write")
_ACT_PAGE = may_change(*DESK, page=True)
_DESK = shown(*DESK, scope="desk:write")
_DESK_PAGE = shown(*DESK, page=True)
_CENTRE = shown(Role.OPERATIONS, door="ops", scope="incidents:write")
_CENTRE_PAGE = shown(Role.OPERATIONS, door="ops", page=True)
_OPS = team_act("ops", Role.OPERATIONS, scope="incidents:write")
_OPS_PAGE = team_act("ops", Role.OPERATIONS, page=True)

RULES: Mapping[str, Rule] = {
    "GET /api/v1/alarms/stream": _DESK,
    "GET /api/v1/alarms": _DESK,
    "GET /api/v1/alarms/{alarm_id}": _DESK,
    "GET /api/v1/alarms/{alarm_id}/timeline": _DESK,
    "GET /api/v1/alarms/{alarm_id}/explanation": _DESK,
    "GET /alarms": _DESK_PAGE,
    "GET /alarms/live": _DESK_PAGE,
    "GET /alarms/live/stream": _DESK_PAGE,
    "GET /alarms/{alarm_id}": _DESK_PAGE,
    "GET /alarms/{alarm_id}/live": _DESK_PAGE,
    "GET /alarms/{alarm_id}/live/stream": _DESK_PAGE,
    "POST /api/v1/alarms/bulk": _ACT,
    "POST /api/v1/alarms/{alarm_id}/acknowledge": _ACT,
    "POST /api/v1/alarms/{alarm_id}/unacknowledge": _ACT,
    "POST /api/v1/alarms/{alarm_id}/assign": _ACT,
    "POST /api/v1/alarms/{alarm_id}/comments": _ACT,
    "POST /api/v1/alarms/{alarm_id}/shelve": _ACT,
    "POST /api/v1/alarms/{alarm_id}/unshelve": _ACT,
    "POST /api/v1/alarms/{alarm_id}/close": _ACT,
    "POST /alarms/{alarm_id}/acknowledge": _ACT_PAGE,
    "POST /alarms/{alarm_id}/unacknowledge": _ACT_PAGE,
    "POST /alarms/{alarm_id}/assign": _ACT_PAGE,
    "POST /alarms/{alarm_id}/comment": _ACT_PAGE,
    "POST /alarms/{alarm_id}/shelve": _ACT_PAGE,
    "POST /alarms/{alarm_id}/unshelve": _ACT_PAGE,
    "POST /alarms/{alarm_id}/close": _ACT_PAGE,
    "GET /api/v1/work-items": _DESK,
    "GET /api/v1/work-items/{work_item_id}": _DESK,
    "POST /api/v1/work-items/{work_item_id}/assign": _ACT,
    "POST /api/v1/work-items/{work_item_id}/note": _ACT,
    "POST /api/v1/work-items/{work_item_id}/done": _ACT,
    "GET /work": _DESK_PAGE,
    "GET /work/{work_item_id}": _DESK_PAGE,
    "POST /work/{work_item_id}/{what}": _ACT_PAGE,
    "GET /api/v1/incidents": _CENTRE,
    "GET /api/v1/incidents/handover": _CENTRE,
    "GET /api/v1/incidents/handover.pdf": _CENTRE,
    "GET /api/v1/incidents/{ref}": _CENTRE,
    "GET /api/v1/incidents/{ref}/log": _CENTRE,
    "POST /api/v1/incidents": _OPS,
    "POST /api/v1/incidents/{ref}/open": _OPS,
    "POST /api/v1/incidents/{ref}/claim": _OPS,
    "POST /api/v1/incidents/{ref}/hand-over": _OPS,
    "POST /api/v1/incidents/{ref}/place": _OPS,
    "POST /api/v1/incidents/{ref}/tasks": _OPS,
    "POST /api/v1/incidents/{ref}/tasks/{number}/done": _OPS,
    "POST /api/v1/incidents/{ref}/log": _OPS,
    "POST /api/v1/incidents/{ref}/links": _OPS,
    "POST /api/v1/incidents/{ref}/contain": _OPS,
    "POST /api/v1/incidents/{ref}/close": _OPS,
    "POST /api/v1/incidents/{ref}/reopen": _OPS,
    "POST /api/v1/incidents/{ref}/merge": _OPS,
    "POST /api/v1/incidents/{ref}/split": _OPS,
    "GET /incidents": _CENTRE_PAGE,
    "GET /incidents/live": _CENTRE_PAGE,
    "GET /incidents/live/stream": _CENTRE_PAGE,
    "GET /incidents/handover": _CENTRE_PAGE,
    "GET /incidents/{ref}": _CENTRE_PAGE,
    "GET /incidents/{ref}/live": _CENTRE_PAGE,
    "GET /incidents/{ref}/live/stream": _CENTRE_PAGE,
    "GET /incidents/{ref}/place": _CENTRE_PAGE,
    "POST /incidents/who": _OPS_PAGE,
    "POST /incidents": _OPS_PAGE,
    "POST /incidents/{ref}": _OPS_PAGE,
    "GET /ops": OPEN_PAGE,  # a wall, which nobody is signed in at
    "GET /ops/map.json": OPEN_PAGE,
    "GET /ops/now.json": OPEN_PAGE,
    "GET /api/v1/ops/way": OPEN,
    "GET /ops/way": OPEN_PAGE,
    "GET /api/v1/ops/closures": _CENTRE,
    "POST /api/v1/ops/what-if/close": _OPS,
    "GET /api/v1/ops/what-if/{what_if_id}": _CENTRE,
    "POST /api/v1/ops/closures": _OPS,
    "POST /api/v1/ops/closures/{closure_id}/open": _OPS,
    "GET /ops/what-if": _CENTRE_PAGE,
    "GET /ops/what-if/{what_if_id}": _CENTRE_PAGE,
    "POST /ops/what-if/who": _OPS_PAGE,
    "POST /ops/what-if": _OPS_PAGE,
    "POST /ops/closures": _OPS_PAGE,
    "POST /ops/closures/{closure_id}/open": _OPS_PAGE,
    "POST /ops/bye": OPEN_WRITE_PAGE,
}
