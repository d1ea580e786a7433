"""What if a road is closed: everybody's plans around it, made and thrown away."""
