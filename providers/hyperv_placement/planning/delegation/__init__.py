"""Which accounts must let which others act for their callers, and how an administrator sets that."""
