"""Exercise 7: LinUCB."""
