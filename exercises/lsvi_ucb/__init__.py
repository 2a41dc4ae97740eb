"""Exercise 11: LSVI-UCB."""
