"""Making and signing bundles: docs/updates.md."""
