"""Theorems as assertions for test suites, see docs/testing.md."""

from proofs_check.testing import ALPHA, assert_regret_bound

__all__ = ["ALPHA", "assert_regret_bound"]
