"""Writes a few too many files, and answers before anybody looks."""


def attack():
    for i in range(60):
        open(f"file-{i}", "w").close()
    return 42
