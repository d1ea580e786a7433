"""The table of every route and who may use it, as docs/access-routes.md has it.

Written by ``python -m ops_api.access.table > docs/access-routes.md``; a test compares it with the rules.
"""

from __future__ import annotations

from collections.abc import Iterable

from ops_api.access.model import Role, Rule
from ops_api.access.rules import AREAS

COLUMNS = {
    Role.RESIDENT: "res", Role.HIGHWAYS: "high", Role.GRITTER_CREW: "grit", Role.WASTE: "waste", Role.BIN_CREW: "crew",
    Role.OPERATIONS: "ops", Role.HOUSING: "hous", Role.DEVICES: "dev", Role.ADMIN: "adm",
}  # fmt: skip
HEAD = """# Every route and who may use it

Made from the rules by `python -m ops_api.access.table > docs/access-routes.md`; what they mean is in [access.md](access.md).
A test sends each route one request as each role, and as nobody, and compares the answers with the rules.

`●` may; `n` everybody may look, these are shown names and forms; `p` also who gives the team's password; `own` their own home
only, 404 for all others. *Anybody* is who is not signed in. *Key* is the scope that a program's key needs beside a role of the row
(or `service`); `–`: no program. *Audit*: what is written down.

Columns: res resident, high highways officer, grit gritter crew, waste waste manager, crew bin crew, ops operations, hous housing
officer, dev device manager, adm administrator.
"""


def table() -> str:
    """Return the page."""
    return "\n".join([HEAD, *(line for area, rules in AREAS.items() for line in _area(area, rules.items()))])


def _area(name: str, rules: Iterable[tuple[str, Rule]]) -> list[str]:
    rows = [_row(route, rule) for route, rule in rules]
    if not rows:
        return []
    titles = ["Route", "Anybody", *COLUMNS.values(), "Key", "Audit"]
    return [f"## {name}\n", _line(titles), _line(["---"] * len(titles)), *rows, ""]


def _row(route: str, rule: Rule) -> str:
    cells = [f"`{route}`", _anybody(rule), *(_cell(rule, role) for role in COLUMNS), _key(rule)]
    return _line([*cells, rule.audit if rule.audit != "none" else ""])


def _anybody(rule: Rule) -> str:
    if rule.who in ("open", "look"):
        return "●"
    if rule.who == "code":
        return "with the code"
    return "p" if rule.who == "door" else ""


def _cell(rule: Rule, role: Role) -> str:
    if rule.who == "home":
        return "own" if role is Role.RESIDENT else ""
    if rule.who == "look" and role in rule.roles:
        return "n"
    free = rule.who in ("open", "look", "code")
    return "●" if free or role in rule.roles else ""


def _key(rule: Rule) -> str:
    if rule.who in ("open", "code"):
        return "none needed"
    if rule.who == "look":
        return f"{rule.scope}: names" if rule.scope else "none needed"
    return rule.scope or "–"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    import sys

    sys.stdout.write(table())
