"""The workflow files of docs/pipelines, run by nektos/act on this computer against the lab (`make pipelines`)."""
