"""Fuzzing of the reader: messages that hosts sent, changed at random, must be read or refused, never more."""
