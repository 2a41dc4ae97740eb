"""The grader: a submission answers from a process of its own, what it answers is judged here."""
