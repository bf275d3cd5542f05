"""Whole runs of the real engine, disturbed at random events, and judged by the lab's own account."""
