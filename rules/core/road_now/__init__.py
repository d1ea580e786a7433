"""What the roads of a town are like now, and what they will be like tomorrow: one issue of the road forecast.

Stations, road sensors and gritters of the last two days go in (``model.Observed``), with a weather forecast where
there is one; out comes a table of segments by hours (``issue.issue``). Sensors are judged by their neighbours before
they are believed (``trust``), the ground under each road remembers what was measured near it (``past``), and what each
stretch differs by in each kind of weather is learnt (``thermal_map``). docs/road-forecast.md.
"""
