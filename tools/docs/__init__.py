"""The documentation: pages written from what the product reads, and the site."""
