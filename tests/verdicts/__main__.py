"""`python -m tests.verdicts [SERIES]`: the long form, 10,000 series a row; its tables go into the page `guard`."""

import sys

from tests.verdicts import reach

sys.stdout.write(reach.tables(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000) + "\n")
