"""The floor of a preview: the program and the provider that take the place of ours, and know everything already."""
