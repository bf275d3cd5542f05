"""What failed hosts and migrations say by a number, and what to do about it."""
