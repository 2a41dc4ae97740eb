"""Exercise 3: KL-UCB."""
