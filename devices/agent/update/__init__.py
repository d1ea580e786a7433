"""Updates over the air on the device: docs/adr/045-updates.md."""
