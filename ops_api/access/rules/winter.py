"""Rules of routes: winter roads. Everybody may look; officers answer proposals, crews say that a lorry is out or back."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Role, Rule
from ops_api.access.rules.words import OPEN, OPEN_PAGE, shown, team, team_act

_OFFICER = team_act("winter", Role.HIGHWAYS, scope="winter:write")
_OFFICER_PAGE = team_act("winter", Role.HIGHWAYS, scope="winter:write", page=True)
_CAB = team_act("winter", Role.HIGHWAYS, Role.GRITTER_CREW, scope="winter:write")
_CAB_PAGE = team_act("winter", Role.HIGHWAYS, Role.GRITTER_CREW, scope="winter:write", page=True)
"""A crew says that its lorry is broken down or back; planning the night is the officers', which the page checks."""
_BOARD = shown(Role.HIGHWAYS, door="winter", page=True)
_READ = team("winter", Role.HIGHWAYS, scope="winter:write")

RULES: Mapping[str, Rule] = {
    "GET /api/v1/segments": OPEN,
    "GET /api/v1/depots": OPEN,
    "GET /api/v1/routes": OPEN,
    "GET /api/v1/routes/{route_id}": OPEN,
    "GET /api/v1/routes/{route_id}/decisions": OPEN,
    "GET /api/v1/road-forecast": OPEN,
    "GET /api/v1/segments/{segment_id}/forecast": OPEN,
    "GET /api/v1/routes/{route_id}/forecast": OPEN,
    "GET /api/v1/weather-forecasts": OPEN,
    "GET /api/v1/weather-forecasts/newest": OPEN,
    "GET /api/v1/weather-forecasts/schema": OPEN,
    "GET /api/v1/weather-forecasts/{forecast_id}": OPEN,
    "POST /api/v1/weather-forecasts": team_act("winter", Role.HIGHWAYS, scope="forecasts:write"),
    "GET /api/v1/winter/orders": _READ,
    "GET /api/v1/winter/orders/{ref}": _READ,
    "POST /api/v1/winter/orders": _OFFICER,
    "POST /api/v1/winter/orders/{ref}/confirm": _OFFICER,
    "POST /api/v1/winter/orders/{ref}/change": _OFFICER,
    "POST /api/v1/winter/orders/{ref}/cancel": _OFFICER,
    "GET /api/v1/winter/scores/season": OPEN,
    "GET /api/v1/winter/scores/{night}": OPEN,
    "GET /api/v1/winter/map": OPEN,
    "GET /api/v1/winter/map/now": OPEN,
    "GET /api/v1/winter/log": OPEN,
    "GET /api/v1/winter/plan": OPEN,
    "GET /api/v1/winter/plan/lorries": OPEN,
    "POST /api/v1/winter/plan": _OFFICER,
    "POST /api/v1/winter/plan/lorries/{lorry}/breakdown": _CAB,
    "POST /api/v1/winter/plan/lorries/{lorry}/return": _CAB,
    "GET /winter": _BOARD,
    "GET /winter/board/live": _BOARD,
    "GET /winter/board/live/stream": _BOARD,
    "GET /winter/board/part/{name}": _BOARD,
    "GET /winter/board/stretch": OPEN_PAGE,
    "POST /winter/board/keep": _OFFICER_PAGE,
    "GET /winter/cab": shown(Role.HIGHWAYS, Role.GRITTER_CREW, door="winter", page=True),
    "GET /winter/cab/{lorry}": OPEN_PAGE,
    "GET /winter/cab/{lorry}/card.pdf": OPEN_PAGE,
    "GET /winter/cab/{lorry}/track.gpx": OPEN_PAGE,
    "POST /winter/cab": _CAB_PAGE,
    "POST /winter/cab/officer": _CAB_PAGE,
    "GET /winter/{route_id}": OPEN_PAGE,
    "GET /winter/{route_id}/orders": _BOARD,
    "POST /winter/{route_id}/officer": _OFFICER_PAGE,
    "POST /winter/{route_id}/orders": _OFFICER_PAGE,
}
