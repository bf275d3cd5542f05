"""A judge of plans that imports nothing of the product: estates, replay and exhaustive search, from texts alone.

The stack file (YAML), the recorded inventory (JSON) and what `plan --json` prints are all it reads. Where a rule of
docs/where-and-when.md is counted here, it is counted by other means than `hyperv_placement.planning` has, so that one
misreading does not hide another.
"""
