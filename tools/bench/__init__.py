"""`make bench`: the figures that the product promises, measured against a lab of its own."""
