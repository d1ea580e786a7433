"""What is open and how it is written: datasets, CSV, GeoJSON, DCAT-AP, OGC queries, NGSI-LD, DATEX II. Pure."""
