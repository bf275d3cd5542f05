"""From hosts as they are to a stack file that declares just that."""
