"""Set-up and wrappers."""
