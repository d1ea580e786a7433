"""What may be wrong with an installation, one check each, with the fix."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from cityops.errors import ConfigurationError
from cityops.finding import Finding, fail
from cityops.settings import Settings, load_settings
from ops_api import doctor_backups, doctor_certificates, doctor_machine, doctor_services

Check = Callable[[Settings], Awaitable[list[Finding]]]

CHECKS: tuple[Check, ...] = (
    doctor_machine.python,
    doctor_machine.data_directory,
    doctor_machine.disk,
    doctor_machine.ports,
    doctor_services.broker,
    doctor_certificates.claims,
    doctor_services.database,
    doctor_backups.backups,
    doctor_machine.clock,
)


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of a run."""

    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Literal["ok", "warn", "fail"]:
        """The gravest finding's level."""
        levels = {finding.level for finding in self.findings}
        return "fail" if "fail" in levels else "warn" if "warn" in levels else "ok"


async def examine_installation() -> Report:
    """Examine this installation as it is set; settings that can't be read are what is wrong with it."""
    try:
        settings = load_settings()
    except ConfigurationError as problem:
        fix = "correct it (docs/configuration.md), then run this again"
        return Report(tuple(fail("settings", line, fix) for line in str(problem).splitlines()))
    return await examine(settings)


async def examine(settings: Settings) -> Report:
    """Run every check; a check that itself fails is a finding, not the end."""
    findings: list[Finding] = []
    for check in CHECKS:
        try:
            findings += await check(settings)
        except Exception as failure:
            name = check.__name__.replace("_", " ")
            findings.append(Finding(name, "fail", f"the check failed: {failure}", "report this as a bug"))
    return Report(tuple(findings))
