"""The lab as a process in the background, and how its commands talk to it."""
