"""What is wrong at a bin: overflowing, on its side, blocked, not emptied, with the wrong waste in it."""
