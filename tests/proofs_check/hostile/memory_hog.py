"""Takes all the memory there is."""


def attack():
    held = []
    while True:
        held.append(bytearray(10**8))
