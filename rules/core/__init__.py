"""The pure part of the rules: physics, decisions, routes, alarms and the engine.

No clock, no I/O, no logging, nothing of the kernel: time and parameters are arguments,
what should happen is returned as data (:mod:`rules.core.effects`).
"""
