"""VM placement as code for Hyper-V: the Pulumi providers and what they stand on."""

__version__ = "0.1.0.dev0"
"""The one place of the version; what it holds stands under "Unreleased" in CHANGELOG.md."""
