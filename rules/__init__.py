"""Readings to decisions: damp homes, winter roads, full bins and silent devices.

``core`` is pure; ``catalogue`` holds the versioned parameters; ``service`` reads in
receive order, calls the core and writes its effects and its own cursor in one
transaction through the ports.
"""
