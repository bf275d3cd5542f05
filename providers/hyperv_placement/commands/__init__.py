"""Commands that look ahead: what a plan would be, from hosts or from a recorded inventory."""
