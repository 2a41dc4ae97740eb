"""The shared compiled room."""

import os

# Matrices here are small and replications are spread over the cores: threads inside a product only get in the way, and
# the order of its sums would depend on their number. What is set already stays.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
