"""What a change of a stack file changes, and what has become of a plan since it was shown."""
