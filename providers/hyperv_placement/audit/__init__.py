"""An append-only log whose lines are chained by hash, in files of bounded size, written by one process at a time."""
