"""Values everybody speaks in: no I/O, no clock, no SDK."""
