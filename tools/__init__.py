"""How the project gets what it needs, and its demo."""
