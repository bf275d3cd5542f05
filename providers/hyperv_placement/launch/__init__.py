"""Start Pulumi's engine on a project with the settings that runs of ours need. Plain standard library: a wrapper has no more."""
