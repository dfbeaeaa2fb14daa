"""argparse with errors of this program."""

import argparse
import re
from typing import NoReturn

from tui.model.errors import ConfigError
from tui.text.nearest import suggestion

_CHOICE = re.compile(r"invalid choice: '([^']*)' \(choose from (.*)\)")


class Parser(argparse.ArgumentParser):
    """argparse, but a wrong argument is an error of this program: named, with its fix, exit code 2."""

    def error(self, message: str) -> NoReturn:
        wrong = _CHOICE.search(message)
        if wrong is not None and (meant := suggestion(wrong[1], re.findall(r"'([^']*)'", wrong[2]))):
            message = f"{message}: {meant}"
        raise ConfigError(message, f"see `{self.prog} --help`")
