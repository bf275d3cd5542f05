"""A more even map than the declared one: which pins would have to change, at what price, and what it gains. Pure."""
