"""Asks for a terabyte at once."""

import numpy as np


def attack():
    return np.ones(2**37).sum()
