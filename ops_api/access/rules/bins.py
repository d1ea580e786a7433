"""Rules of routes: litter bins and bin days. Everybody may look and report; crews say what they emptied."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Role, Rule
from ops_api.access.rules.words import (
    CODE,
    CODE_PAGE,
    CODE_WRITE_PAGE,
    OPEN,
    OPEN_PAGE,
    OPEN_SEARCH,
    OPEN_SEARCH_PAGE,
    OPEN_WRITE,
    OPEN_WRITE_PAGE,
    shown,
    team,
    team_act,
)

_CREW_PAGE = team_act("crew", Role.BIN_CREW, scope="bins:write", page=True)
_CREW_SHOWN = shown(Role.BIN_CREW, door="crew", page=True)
_WASTE_PAGE = team_act("bin_days", Role.WASTE, scope="bins:write", page=True)

RULES: Mapping[str, Rule] = {
    "GET /api/v1/bins/open.geojson": OPEN,
    "GET /api/v1/bins/open": OPEN,
    "GET /api/v1/bins/open.csv": OPEN,
    "GET /api/v1/bins/open.fiware.json": OPEN,
    "GET /api/v1/bins/rounds": OPEN,
    "GET /api/v1/bins/rounds/{lorry}": OPEN,
    "POST /api/v1/bins/rounds/replan": team_act("bin_days", Role.WASTE, Role.BIN_CREW, scope="bins:write"),
    "GET /api/v1/bins": OPEN,
    "GET /api/v1/bins/round": OPEN,
    "GET /api/v1/bins/{bin_id}": OPEN,
    "GET /api/v1/bins/{bin_id}/levels": OPEN,
    "POST /api/v1/bins/{bin_id}/reports": OPEN_WRITE,
    "GET /api/v1/bin-reports/{reference}": CODE,
    "GET /api/v1/premises": OPEN_SEARCH,
    "GET /api/v1/premises/{uprn}": OPEN_SEARCH,
    "GET /api/v1/premises/{uprn}/calendar.ics": OPEN_SEARCH,
    "POST /api/v1/premises/{uprn}/missed": OPEN_WRITE,
    "GET /api/v1/missed-collections": team("bin_days", Role.WASTE, scope="bins:write", people=True),
    "GET /bin-day": OPEN_SEARCH_PAGE,
    "GET /bin-day/report": OPEN_SEARCH_PAGE,
    "GET /bin-day/{uprn}.ics": OPEN_SEARCH_PAGE,
    "GET /bin-day/{uprn}": OPEN_SEARCH_PAGE,
    "POST /bin-day/{uprn}/missed": OPEN_WRITE_PAGE,
    "POST /bin-day/{uprn}/reminder": OPEN_WRITE_PAGE,
    "GET /bin-day/reminder/{code}": CODE_PAGE,
    "POST /bin-day/reminder/{code}": CODE_WRITE_PAGE,
    "GET /bins": OPEN_PAGE,
    "GET /bins/map.json": OPEN_PAGE,
    "GET /bins/all": OPEN_PAGE,
    "GET /bins/ledger": OPEN_PAGE,
    "GET /bins/{bin_id}": _CREW_SHOWN,  # a crew is shown more of a bin
    "GET /bins/report": OPEN_PAGE,
    "POST /bins/report": OPEN_WRITE_PAGE,
    "GET /bins/missed": team("bin_days", Role.WASTE, scope="bins:write", page=True, people=True),
    "POST /bins/missed/who": _WASTE_PAGE,
    "POST /bins/missed/{act_id}/done": _WASTE_PAGE,
    "GET /crew": _CREW_SHOWN,
    "GET /crew/worker.js": OPEN_PAGE,
    "GET /crew/photos/{sha256}": team("crew", Role.BIN_CREW, page=True),
    "GET /crew/{lorry}": _CREW_SHOWN,
    "GET /crew/{lorry}/card.pdf": OPEN_PAGE,
    "GET /crew/{lorry}/track.gpx": OPEN_PAGE,
    "POST /crew/who": _CREW_PAGE,
    "POST /crew/bye": OPEN_WRITE_PAGE,
    "POST /crew/{lorry}/acts": _CREW_PAGE,
    "POST /crew/{lorry}/again": _CREW_PAGE,
    "POST /crew/{lorry}/broken": _CREW_PAGE,
    "POST /crew/{lorry}/returned": _CREW_PAGE,
}
