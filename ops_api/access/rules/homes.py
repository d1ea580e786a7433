"""Rules of routes: residents and their homes, and the housing team.

A home is its household's: 404 to everybody else, staff and administrators too. What residents do about it is in the log that
the household reads; what gives somebody else a right, or takes data out or away, is in the audit as well.
"""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Role, Rule
from ops_api.access.rules.words import (
    CODE_PAGE,
    LOOK_PAGE,
    OPEN,
    OPEN_PAGE,
    OPEN_WRITE,
    OPEN_WRITE_PAGE,
    PLATFORM,
    shown,
    team,
    team_act,
)

_RESIDENT = frozenset({Role.RESIDENT})
_LIVE = shown(*PLATFORM, scope="desk:read")
_HOME = Rule(who="home")
_HOME_PAGE = Rule(who="home", page=True)
_TAKE = Rule(who="home", audit="look", cost="export")
_TAKE_PAGE = Rule(who="home", audit="look", cost="export", page=True)
_CHANGE = Rule(who="home", audit="change")
_CHANGE_PAGE = Rule(who="home", audit="change", page=True)
_OWN_WORDS = Rule(who="home")
_OWN_WORDS_PAGE = Rule(who="home", page=True)
"""A household's own diary: nobody else's business, and in no audit."""

RULES: Mapping[str, Rule] = {
    "POST /api/v1/join": OPEN_WRITE,
    "POST /join": OPEN_WRITE_PAGE,
    "GET /join/{code}": CODE_PAGE,
    "GET /home": LOOK_PAGE,  # leads to her home, or asks for the code
    "POST /sign-out": OPEN_WRITE_PAGE,
    "GET /api/v1/homes": Rule(who="roles", roles=_RESIDENT),
    "DELETE /api/v1/session": Rule(who="roles", roles=_RESIDENT, audit="change"),
    "DELETE /api/v1/sessions": Rule(who="roles", roles=_RESIDENT, audit="change"),
    "GET /live/{page}": _LIVE,  # a home's and who is told: the route looks who asks
    "GET /live/{page}/stream": _LIVE,
    "GET /api/v1/stream": _LIVE,
    "GET /api/v1/homes/{code}": _HOME,
    "GET /api/v1/homes/{code}/series": _HOME,
    "GET /api/v1/homes/{code}/damp": _HOME,
    "GET /api/v1/homes/{code}/diary": _HOME,
    "POST /api/v1/homes/{code}/diary": _OWN_WORDS,
    "DELETE /api/v1/homes/{code}/diary/{entry_id}": _OWN_WORDS,
    "GET /api/v1/homes/{code}/household": _HOME,
    "POST /api/v1/homes/{code}/invitations": _CHANGE,
    "POST /api/v1/homes/{code}/leave": _CHANGE,
    "GET /api/v1/homes/{code}/consents": _HOME,
    "POST /api/v1/homes/{code}/consents": _CHANGE,
    "DELETE /api/v1/homes/{code}/consents/{consent_id}": _CHANGE,
    "GET /api/v1/homes/{code}/access-log": _HOME,
    "GET /api/v1/homes/{code}/export": _TAKE,
    "DELETE /api/v1/homes/{code}/data": _CHANGE,
    "GET /api/v1/homes/{code}/cases": _HOME,
    "POST /api/v1/homes/{code}/cases": _CHANGE,
    "GET /api/v1/homes/{code}/cases/{case_id}": _HOME,
    "POST /api/v1/homes/{code}/cases/{case_id}/events": _CHANGE,
    "GET /api/v1/homes/{code}/contacts": _HOME,
    "POST /api/v1/homes/{code}/contacts": _CHANGE,
    "POST /api/v1/homes/{code}/contacts/{contact_id}/reply": _CHANGE,
    "GET /api/v1/homes/{code}/photos": _HOME,
    "POST /api/v1/homes/{code}/photos": _CHANGE,
    "GET /api/v1/homes/{code}/photos/{photo_id}": _HOME,
    "DELETE /api/v1/homes/{code}/photos/{photo_id}": _CHANGE,
    "POST /api/v1/homes/{code}/evidence": _TAKE,
    "GET /api/v1/homes/{code}/evidence": _HOME,
    "GET /home/{code}": LOOK_PAGE,  # a stranger with the code is led to where one joins
    "GET /home/{code}/days": _HOME_PAGE,
    "POST /home/{code}/diary": _OWN_WORDS_PAGE,
    "POST /home/{code}/diary/{entry_id}/remove": _OWN_WORDS_PAGE,
    "POST /home/{code}/events/{event_id}": _OWN_WORDS_PAGE,
    "GET /home/{code}/people": _HOME_PAGE,
    "POST /home/{code}/people/name": _CHANGE_PAGE,
    "POST /home/{code}/people/invite": _CHANGE_PAGE,
    "POST /home/{code}/people/phone": _CHANGE_PAGE,
    "POST /home/{code}/people/leave": _CHANGE_PAGE,
    "GET /home/{code}/sharing": _HOME_PAGE,
    "POST /home/{code}/sharing/council": _CHANGE_PAGE,
    "POST /home/{code}/sharing/add": _CHANGE_PAGE,
    "POST /home/{code}/sharing/{consent_id}/stop": _CHANGE_PAGE,
    "GET /home/{code}/looks": _HOME_PAGE,
    "GET /home/{code}/data": _HOME_PAGE,
    "GET /home/{code}/data.zip": _TAKE_PAGE,
    "POST /home/{code}/data/delete": _CHANGE_PAGE,
    "GET /home/{code}/evidence": _HOME_PAGE,
    "POST /home/{code}/evidence/cases": _CHANGE_PAGE,
    "POST /home/{code}/evidence/cases/{case_id}": _CHANGE_PAGE,
    "POST /home/{code}/evidence/cases/{case_id}/agree": _CHANGE_PAGE,
    "POST /home/{code}/evidence/contacts": _CHANGE_PAGE,
    "POST /home/{code}/evidence/contacts/{contact_id}": _CHANGE_PAGE,
    "POST /home/{code}/evidence/photos": _CHANGE_PAGE,
    "GET /home/{code}/evidence/photos/{photo_id}": _HOME_PAGE,
    "POST /home/{code}/evidence/photos/{photo_id}/remove": _CHANGE_PAGE,
    "POST /home/{code}/evidence/pack": _TAKE_PAGE,
    "POST /home/{code}/evidence.zip": _TAKE_PAGE,
    "GET /api/v1/evidence/key": OPEN,
    "GET /api/v1/housing/wards": OPEN,
    "GET /housing/wards": OPEN_PAGE,
    "GET /api/v1/housing/homes": team("housing", Role.HOUSING, scope="housing:read", people=True),
    "GET /housing/who": team("housing", Role.HOUSING, page=True),
    "POST /housing/who": team_act("housing", Role.HOUSING, page=True),
    "GET /housing": team("housing", Role.HOUSING, page=True, people=True),
    "GET /housing/homes.csv": team("housing", Role.HOUSING, page=True, people=True),
    "GET /housing/{home_id}": team("housing", Role.HOUSING, page=True, people=True),
    "POST /housing/{home_id}/cases/{case_id}": team_act("housing", Role.HOUSING, page=True),
}
