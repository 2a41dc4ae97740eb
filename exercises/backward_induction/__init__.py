"""Exercise 8: backward induction."""
