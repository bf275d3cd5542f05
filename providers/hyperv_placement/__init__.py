"""VM placement as code for Hyper-V: the Pulumi providers and what they stand on."""
