"""One move, from admission to proof: start, follow, verify, and what the audit log says of it."""
