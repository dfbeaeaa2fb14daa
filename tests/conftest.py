"""How the tests are run."""

import os


def pytest_xdist_auto_num_workers() -> int:
    """For `-n auto`: most tests wait for a host, a terminal or a clock: more of them than processors."""
    return max(4, 3 * (os.cpu_count() or 1))
