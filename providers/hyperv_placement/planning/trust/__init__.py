"""What a change of a stack file changes of trust: where passwords go, who may act for whom, what the guard stops."""
