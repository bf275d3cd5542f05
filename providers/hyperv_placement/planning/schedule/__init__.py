"""Which machines move when: a safe order, its finish, and a proof where there is none. Integers in, values out."""
