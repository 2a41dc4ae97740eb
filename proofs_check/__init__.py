"""What is verified: claims, statistics, verdicts, reports, the command line."""

import kernels  # noqa: F401  (it limits the threads of linear algebra, which must happen before numpy is loaded)
