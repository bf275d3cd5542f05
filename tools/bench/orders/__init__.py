"""How good and how fast orders are, over seeded estates, beside what a simple tool would do."""
