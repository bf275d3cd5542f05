"""What a change of a stack file changes, and how a plan has changed since it was shown."""
