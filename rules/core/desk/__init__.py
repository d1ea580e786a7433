"""Alarms as people work on them: commands, escalation, timers. Pure."""
