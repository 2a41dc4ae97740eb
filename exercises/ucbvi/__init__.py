"""Exercise 9: UCBVI."""
