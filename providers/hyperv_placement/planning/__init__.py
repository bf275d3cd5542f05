"""Pure: desired and actual state in, a plan out. No I/O, no clock."""
