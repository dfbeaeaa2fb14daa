"""argparse with errors of this program, and the reader of durations."""

import argparse
import re
from datetime import timedelta
from typing import NoReturn

from tui.model.errors import ConfigError
from tui.text.nearest import suggestion

BY_FILE = timedelta(-1)
"""a watch without a length: as long as services.yaml says"""
_DURATION = re.compile(r"(\d{1,6})([smh])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
_PERIOD = re.compile(r"(\d{1,5})([dw])")
_LONG = {"d": "days", "w": "weeks"}
_CHOICE = re.compile(r"invalid choice: '([^']*)' \(choose from (.*)\)")


class Parser(argparse.ArgumentParser):
    """argparse, but a wrong argument is an error of this program: named, with its fix, exit code 2."""

    def error(self, message: str) -> NoReturn:
        wrong = _CHOICE.search(message)
        if wrong is not None and (meant := suggestion(wrong[1], re.findall(r"'([^']*)'", wrong[2]))):
            message = f"{message}: {meant}"
        raise ConfigError(message, f"see `{self.prog} --help`")


def duration(text: str) -> timedelta:
    """`30s`, `15m` or `1h`."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write 30s, 15m or 1h")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def period(text: str) -> timedelta:
    """`90d` or `12w`, or a duration; at least a minute, ten years at most."""
    found = _PERIOD.fullmatch(text) or _DURATION.fullmatch(text)
    length = timedelta(**{(_LONG | _UNITS)[found[2]]: int(found[1])}) if found is not None else timedelta(0)
    if not timedelta(minutes=1) <= length <= timedelta(days=3650):
        raise argparse.ArgumentTypeError(f"{text!r} is no stretch of time; write 12h, 90d or 12w, ten years at most")
    return length
