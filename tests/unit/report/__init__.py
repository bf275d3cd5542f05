"""Values as people and scripts read them."""
