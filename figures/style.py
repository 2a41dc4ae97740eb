"""The look of the figures."""

from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret

__all__ = ["PALETTE", "new_axes", "plot_line", "plot_regret"]
