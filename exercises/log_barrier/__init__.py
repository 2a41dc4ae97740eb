"""Exercise 6: FTRL with the log-barrier."""
