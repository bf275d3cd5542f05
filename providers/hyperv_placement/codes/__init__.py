"""The numbers by which hosts and migrations report failures, and what to do about each."""
