"""Exercise 4: Thompson sampling."""
