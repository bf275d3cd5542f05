"""Rules about moves as a policy pack of Pulumi: another process for the engine, which asks it about each resource before anything happens to that."""
