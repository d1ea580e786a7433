"""The signed record of a night."""
