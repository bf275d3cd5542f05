"""The real files behind the simulated hosts' volumes and shares."""
