"""One machine: which it is, where its files belong, what differs, and the order that closes the gap."""
