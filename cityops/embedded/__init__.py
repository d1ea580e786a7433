"""A private PostgreSQL and a private Mosquitto for installations without their own."""
