"""`python -m tests.simulation --seeds N` prints the seeds that failed; `--seed S` replays one with its trace."""

import argparse
import os
import sys

from tests.simulation import campaign


def main() -> int:
    """Run; the exit code is 1 where something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, metavar="N", help="at least so many, from a hash of the tree")
    parser.add_argument("--first", type=int, metavar="S", help="begin there instead")
    parser.add_argument("--seconds", type=float, default=0.0, metavar="S", help="go on until so many seconds are over")
    parser.add_argument("--seed", type=int, metavar="S", help="replay one, with its trace")
    parser.add_argument("--plant", metavar="NAME", help="look for the first seed that finds this planted bug")
    parser.add_argument("--planted", action="store_true", help="whether each planted bug is found still")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes at once (2)")
    wanted = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is a part of the schedule
        again = [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, "PYTHONHASHSEED": "0"})
    if wanted.seed is not None:
        return campaign.replay(wanted.seed, wanted.plant)
    if wanted.planted:
        return campaign.again(wanted.jobs)
    if wanted.plant is not None:
        return campaign.hunt(wanted.plant, wanted.first or 0, wanted.seeds, wanted.jobs)
    first = campaign.first_seed() if wanted.first is None else wanted.first
    return campaign.search(first, wanted.seeds, wanted.jobs, wanted.seconds)


if __name__ == "__main__":
    sys.exit(main())
