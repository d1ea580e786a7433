"""Rules of routes: SensorThings. Everybody reads what is open, a resident her own; programs with a key write."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Role, Rule
from ops_api.access.rules.words import OPEN, may_change

_THINGS = may_change(Role.DEVICES, scope="devices:write")
_OBSERVATIONS = may_change(Role.DEVICES, scope="observations:write")

RULES: Mapping[str, Rule] = {
    **{f"{method} /sta/v1.1{path}": OPEN for method in ("GET", "OPTIONS") for path in ("", "/{path:path}")},
    **{f"{method} /sta/v1.1/{{path:path}}": _THINGS for method in ("POST", "PATCH", "PUT", "DELETE")},
    "POST /sta/v1.1/CreateObservations": _OBSERVATIONS,
    "POST /sta/v1.1/Observations": _OBSERVATIONS,
    "POST /sta/v1.1/Datastreams({number})/Observations": _OBSERVATIONS,
}
