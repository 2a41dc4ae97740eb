"""Writes a file of two gigabytes."""


def attack():
    with open("big", "wb") as out:
        for _ in range(2048):
            out.write(bytes(2**20))
