"""Which accounts have to let which others act for their callers, and how an administrator writes that."""
