"""The verbs of `bin/placement`, a file each: the words that are typed, and the exit code. What a verb does lies in `operations`."""
