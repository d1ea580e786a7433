"""What crews and residents say of bins and collections: appended, chained, an input of the engine. Pure."""
