"""Exercise 12: coverability."""
