"""Our process that serves the resources to Pulumi's engine."""
