"""An interrupted run looked into: whose the lock is, what was torn, and what became of each machine. It moves nothing."""
