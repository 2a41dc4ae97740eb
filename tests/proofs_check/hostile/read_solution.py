"""Reads the reference solution."""


def attack():
    return open("@ROOT@/exercises/solutions/explore_then_commit.py").read()
