"""Exercise 5: Exp3."""
