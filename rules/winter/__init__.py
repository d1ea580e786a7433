"""The winter service around its pure rules: ports, stores and what runs beside the engine."""
