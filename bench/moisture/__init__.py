"""Moisture events and the cause of damp on simulated homes whose truth is known."""
