"""The words of each verb, apart from what it does: help, completion and a slip of the keyboard wait for nothing that is only run."""
