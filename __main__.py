"""The Pulumi program of this project: stack NAME declares what `stacks/NAME.yaml` says."""

from hyperv_placement.program import main

main()
