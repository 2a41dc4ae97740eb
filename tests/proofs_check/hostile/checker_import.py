"""Imports the checker, to change it."""


def attack():
    import proofs_check.grader.judge as judge

    judge.mark = None
