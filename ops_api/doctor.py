"""What may be wrong with an installation, one check each, with the fix."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from cityops.settings import Settings
from ops_api import doctor_machine, doctor_services
from ops_api.doctor_finding import Finding

Check = Callable[[Settings], Awaitable[list[Finding]]]

CHECKS: tuple[Check, ...] = (
    doctor_machine.python,
    doctor_machine.data_directory,
    doctor_machine.disk,
    doctor_machine.ports,
    doctor_services.broker,
    doctor_services.database,
    doctor_machine.clock,
)


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of a run."""

    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Literal["ok", "warning", "error"]:
        """The gravest finding's level."""
        levels = {finding.level for finding in self.findings}
        return "error" if "error" in levels else "warning" if "warning" in levels else "ok"


async def examine(settings: Settings) -> Report:
    """Run every check; a check that itself fails is a finding, not the end."""
    findings: list[Finding] = []
    for check in CHECKS:
        try:
            findings += await check(settings)
        except Exception as error:
            name = check.__name__.replace("_", " ")
            findings.append(Finding(name, "error", f"the check failed: {error}", "report this as a bug"))
    return Report(tuple(findings))
