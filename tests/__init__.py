"""The tests. What holds for every process that runs some of them."""

import os
import sys

# The tests start hundreds of processes, and each would compile the program; pytest would rewrite its plugins each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
