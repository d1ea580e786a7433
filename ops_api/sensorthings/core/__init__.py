"""What a SensorThings request asks, read and turned into SQL text with parameters. Pure."""
