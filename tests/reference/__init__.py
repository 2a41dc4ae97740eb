"""Independent, slow, readable implementations, written from the papers; they share no code with the testbed."""
