"""Play a table of measurements through MQTT as if devices had sent it."""
