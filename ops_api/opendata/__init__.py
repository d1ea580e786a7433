"""Open data: the catalogue, its feeds, OGC API Features, NGSI-LD and DATEX II. ``ops_api.opendata.core`` is pure.

Nothing here is about a household: homes appear as counts by ward only, through ``rules.core.small_counts``.
"""
