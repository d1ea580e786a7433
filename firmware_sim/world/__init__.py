"""The simulated world: town, weather, road surface, homes, bins, gritters and faults.

Pure: seed and time are arguments, nothing here knows a clock, a network or a file.
:class:`firmware_sim.world.world.World` ties the parts together.
"""
