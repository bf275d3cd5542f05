"""Which host each machine gets where the stack file leaves a choice: fewest bytes first, then the best balance."""
