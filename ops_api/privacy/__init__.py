"""What is kept of people, for how long, what they get of it, and that nothing is left of who was forgotten."""
