"""An operator's own repository: written once, and brought up to a newer version without touching what was edited."""
