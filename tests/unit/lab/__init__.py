"""Tests of the lab: its world, its commands, its wire."""
