"""The book of what crews and residents said of bins and collections."""
