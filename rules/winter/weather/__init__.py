"""Weather forecasts: read from files, kept as they were given, found again by place and time."""
