"""Fuzzing of all readers: what hosts, directories and others write, changed at random, must be read or refused, never more."""
