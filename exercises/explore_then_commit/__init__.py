"""Exercise 1: explore-then-commit."""
