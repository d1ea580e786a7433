"""OGC SensorThings API 1.1: what it is asked in ``core``, how it answers around it."""
