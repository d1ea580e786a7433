"""The kernel: settings, clock, logs, runtime, database. It knows no sensor."""
