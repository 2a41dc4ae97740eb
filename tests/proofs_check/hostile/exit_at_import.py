"""Leaves before it is asked anything."""

raise SystemExit(0)
