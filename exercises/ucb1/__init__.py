"""Exercise 2: UCB1."""
