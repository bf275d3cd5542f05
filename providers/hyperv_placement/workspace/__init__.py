"""What lies on this computer's disk for a stack: its file, locks, recorded inventories, identities, git."""
