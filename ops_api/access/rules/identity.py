"""Rules of routes: signing in, one's own account, and all accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ops_api.access.model import Role, Rule
from ops_api.access.rules.words import OPEN_PAGE, OPEN_SEARCH_PAGE, OPEN_WRITE_PAGE

FRESH_S: Final = 600
"""Seconds since a factor was shown, for what would let somebody at a desk that was left keep coming in."""
_EVERYBODY: Final = frozenset(Role) - {Role.RESIDENT}
_CHALLENGE: Final = Rule(who="open", cost="search", page=True)
"""Nothing is done by asking for one."""
_BACK: Final = Rule(who="open", cost="search", audit="change", page=True)
"""Somebody signs in by it."""
_MINE: Final = Rule(who="roles", roles=_EVERYBODY, page=True)
_CHANGE_MINE: Final = Rule(who="roles", roles=_EVERYBODY, audit="change", page=True)
_CHANGE_MINE_FRESH: Final = Rule(who="roles", roles=_EVERYBODY, audit="change", page=True, fresh_s=FRESH_S)
_LOOK: Final = Rule(who="roles", roles=frozenset({Role.ADMIN}), audit="look", page=True)
_CHANGE: Final = Rule(who="roles", roles=frozenset({Role.ADMIN}), audit="change", page=True, fresh_s=FRESH_S)
_OF_HOME: Final = Rule(who="home", audit="change", page=True)
_ADMIN: Final = frozenset({Role.ADMIN})
_REST_LOOK: Final = Rule(who="roles", roles=_ADMIN, scope="accounts:write", audit="look")
_REST_CHANGE: Final = Rule(who="roles", roles=_ADMIN, scope="accounts:write", audit="change", fresh_s=FRESH_S)

RULES: Mapping[str, Rule] = {
    "POST /home/{code}/people/passkeys/options": _OF_HOME,
    "POST /home/{code}/people/passkeys": _OF_HOME,
    "POST /home/{code}/people/passkeys/remove": _OF_HOME,
    "POST /join/passkey/options": _CHALLENGE,
    "POST /join/passkey": OPEN_WRITE_PAGE,
    "GET /api/v1/accounts": _REST_LOOK,
    "POST /api/v1/accounts": _REST_CHANGE,
    "GET /api/v1/accounts/{name}": _REST_LOOK,
    "PUT /api/v1/accounts/{name}/roles": _REST_CHANGE,
    "POST /api/v1/accounts/{name}/link": _REST_CHANGE,
    "POST /api/v1/accounts/{name}/disable": _REST_CHANGE,
    "POST /api/v1/accounts/{name}/enable": _REST_CHANGE,
    "DELETE /api/v1/accounts/{name}/sessions": _REST_CHANGE,
    "GET /api/v1/keys": _REST_LOOK,
    "DELETE /api/v1/keys/{key_id}": _REST_CHANGE,
    "GET /sign-in": OPEN_PAGE,
    "POST /sign-in": OPEN_WRITE_PAGE,
    "GET /sign-in/code": OPEN_PAGE,
    "POST /sign-in/code": OPEN_WRITE_PAGE,
    "GET /sign-in/set-up": OPEN_PAGE,
    "POST /sign-in/set-up": OPEN_WRITE_PAGE,
    "GET /sign-in/link/{token}": OPEN_SEARCH_PAGE,
    "POST /sign-in/link/{token}": OPEN_WRITE_PAGE,
    "POST /sign-in/passkey/options": _CHALLENGE,
    "POST /sign-in/passkey": OPEN_WRITE_PAGE,
    "GET /sign-in/provider": OPEN_SEARCH_PAGE,
    "GET /sign-in/provider/back": _BACK,
    "GET /account": _MINE,
    "POST /account/sign-out": _CHANGE_MINE,
    "POST /account/sessions/end": _CHANGE_MINE,
    "POST /account/password": _CHANGE_MINE,
    "POST /account/codes": _CHANGE_MINE_FRESH,
    "POST /account/authenticator/remove": _CHANGE_MINE_FRESH,
    "POST /account/passkeys/options": _CHANGE_MINE_FRESH,
    "POST /account/passkeys": _CHANGE_MINE_FRESH,
    "POST /account/passkeys/remove": _CHANGE_MINE_FRESH,
    "POST /account/keys": _CHANGE_MINE_FRESH,
    "POST /account/keys/revoke": _CHANGE_MINE,
    "GET /accounts": _LOOK,
    "POST /accounts": _CHANGE,
    "GET /accounts/{name}": _LOOK,
    "POST /accounts/{name}/roles": _CHANGE,
    "POST /accounts/{name}/disable": _CHANGE,
    "POST /accounts/{name}/enable": _CHANGE,
    "POST /accounts/{name}/link": _CHANGE,
    "POST /accounts/{name}/end-sessions": _CHANGE,
    "POST /accounts/{name}/reset-mfa": _CHANGE,
}
