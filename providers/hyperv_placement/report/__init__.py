"""Values as people and scripts read them; no I/O."""
