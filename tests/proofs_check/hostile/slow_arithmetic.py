"""One operation that takes years and cannot be interrupted by Python."""


def attack():
    return 10 ** (10**10)
