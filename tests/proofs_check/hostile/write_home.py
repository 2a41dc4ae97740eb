"""Writes to shared memory and other places open to everyone."""


def attack():
    for folder in ("/dev/shm", "/var/tmp", "/tmp"):
        try:
            open(folder + "/@NAME@", "w").close()
        except OSError:
            pass
    return 42
