"""Which policies of operators are in force, in words and as a record."""

from __future__ import annotations

from typing import Any

from hyperv_placement.model.policy import Policy

PAGE = "docs/policy.md"


def render_policy(policy: Policy) -> str:
    """Return one line: the files, and what they restrict; or that nothing does."""
    if not policy.files:
        return f"No policy on this computer restricts which hosts get the credentials ({PAGE})"
    files = (f"{file.path} ({', '.join(file.lines)})" for file in policy.files)
    return f"Operator's policy: {'; '.join(files)}"


def policy_record(policy: Policy) -> list[dict[str, Any]]:
    """Return each file with the keys that it restricts; none where no policy is in force."""
    return [{"file": file.path, "restricts": list(file.lines)} for file in policy.files]
