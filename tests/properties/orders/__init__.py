"""Orders as the plugin gives them, replayed on a model of the hosts that knows nothing of the schedule."""
