"""What helps where the engine refuses a passphrase, of which it says neither what it held it against nor what to set."""

from __future__ import annotations

import re

_REFUSED = re.compile(r"error: .*\bincorrect passphrase")
"""pulumi/pulumi pkg/secrets/passphrase/manager.go, ErrIncorrectPassphrase."""
_REASON = (
    "PULUMI_CONFIG_PASSPHRASE, or the file that PULUMI_CONFIG_PASSPHRASE_FILE names, is not what stacks/Pulumi.NAME.yaml was made"
    " with: take both as those have them who work with the stack (docs/state.md)"
)


def what_to_set(line: str) -> str:
    """Return what is wrong where a line of the engine refuses a passphrase; empty for any other line."""
    return _REASON if _REFUSED.match(line) else ""
