"""The dynamic resources of Pulumi, and how a program declares them."""
