"""What the wrappers in bin/ do. Run by any Python 3, the system's old one included: plain standard library."""
