"""Writes a million files."""


def attack():
    for i in range(10**6):
        open(f"file-{i}", "w").close()
