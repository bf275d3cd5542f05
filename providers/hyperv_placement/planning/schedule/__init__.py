"""Which machines move when: a safe order and its times, or a proof that there is none. Integers in, values out."""
