"""What a careful engineer writes first, to measure against."""
