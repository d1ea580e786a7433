"""Grafana boards as code: built here, committed as JSON, provisioned as files or pushed."""

import contextlib
import warnings

with warnings.catch_warnings(), contextlib.suppress(ModuleNotFoundError):
    # The SDK warns when its classic dashboard is imported. Grafana 12.4 and 13 both
    # provision it from files; the new schema (v2) needs 13 and has no such provisioning in 12.
    # It is not there where boards are only checked or pushed: that is done from the files.
    warnings.simplefilter("ignore", DeprecationWarning)
    import grafana_foundation_sdk.builders.barchart
    import grafana_foundation_sdk.builders.dashboard  # noqa: F401
