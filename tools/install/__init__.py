"""What set-up does, in parts. Runs before `.venv` exists: the standard library alone."""
