"""A log whose lines hold each other: chained by hash, in files of bounded size, by one writer at a time."""
