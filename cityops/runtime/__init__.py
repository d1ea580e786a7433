"""Running: supervisor, stop, back-off, health."""
