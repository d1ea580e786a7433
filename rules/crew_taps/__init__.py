"""What bin crews tap at a bin: emptied, could not be and why, taken back; with a photo."""
