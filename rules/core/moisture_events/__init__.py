"""Moisture events in homes: showers, cooking, drying clothes and opened windows. Pure."""
