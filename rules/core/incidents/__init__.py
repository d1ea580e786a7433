"""Incidents: what goes wrong at one place and time in several services, as one case that somebody has in hand. Pure."""
