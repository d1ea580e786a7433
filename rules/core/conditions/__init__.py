"""Conditions of alarms: severities, repetition, flapping, and what is told of one subject."""
