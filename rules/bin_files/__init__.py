"""Files of bins' levels as cities publish them."""
