"""What crews and residents say of bins, as the engine takes it."""
