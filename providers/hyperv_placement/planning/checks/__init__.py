"""Why a move may not start: the rules that protect machines, and each refusal's way out."""
