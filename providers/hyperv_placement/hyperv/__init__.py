"""Msvm_* in our terms: connections, what hosts report, and migrations from start to proof."""
