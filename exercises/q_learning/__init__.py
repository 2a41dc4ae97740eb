"""Exercise 10: optimistic Q-learning."""
