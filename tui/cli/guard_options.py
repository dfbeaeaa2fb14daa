"""The arguments of `guard` and `abort`, and what stands behind `--`."""

import argparse
from collections.abc import Sequence
from datetime import timedelta

from tui.cli.argparse_errors import duration
from tui.model.errors import ConfigError
from tui.model.guard import OnBreach

SHORTEST, LONGEST = timedelta(seconds=30), timedelta(hours=2)


def guard(parser: argparse.ArgumentParser) -> None:
    """The arguments of `guard`; what stands behind `--` is taken off before."""
    parser.add_argument("names", nargs=1, metavar="SERVICE")
    parser.add_argument("--for", dest="guard_for", type=_length, help="how long (services.yaml: 10m)")
    parser.add_argument(
        "--on-breach", type=_on_breach, metavar="WHAT", help="tell, ask or roll-back; no more than services.yaml allows"
    )


def abort(parser: argparse.ArgumentParser) -> None:
    """The arguments of `abort`."""
    parser.add_argument("names", nargs=1, metavar="SERVICE")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _length(text: str) -> timedelta:
    found = duration(text)
    if not SHORTEST <= found <= LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is no length of a guard; write 30s to 2h, e.g. 10m")
    return found


def _on_breach(text: str) -> OnBreach:
    if text not in list(OnBreach):
        raise argparse.ArgumentTypeError(f"{text!r} is nothing that a guard does; write {', '.join(OnBreach)}")
    return OnBreach(text)


def apart(argv: Sequence[str], first: str | None) -> tuple[Sequence[str], tuple[str, ...]]:
    """The arguments of ours, and the command behind `--`, which only a guard has. Raises ConfigError for none there."""
    if first != "guard" or "--" not in argv:
        return argv, ()
    place = list(argv).index("--")
    then = tuple(argv[place + 1 :])
    if not then:
        raise ConfigError("there is no command behind --", "rollback guard api -- git push dokku main")
    return argv[:place], then
