"""Rolling bundles out: docs/adr/045-updates.md."""
