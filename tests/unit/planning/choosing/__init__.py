"""Tests of the choice of hosts."""
