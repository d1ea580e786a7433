"""Why a line of the audit is not written."""

from __future__ import annotations

from cityops.errors import TransientError


class AuditUnavailableError(TransientError):
    """It is not written down now; whoever only wanted to look is refused."""
