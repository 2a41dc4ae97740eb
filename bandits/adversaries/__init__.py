"""Adversaries: where the losses of an adversarial bandit come from, one module each."""
