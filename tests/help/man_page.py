"""`python -m tests.help.man_page`: the man page, written anew from the parsers and the table of exit codes."""

import argparse
import re
from pathlib import Path

from argparse_manpage.manpage import Manpage

from tui.cli import command_parsers

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "tui/rollback.1"
NAME = r"rollback \- go back to the last good release of a Dokku service"
USAGE = "rollback [COMMAND | SERVICE [TARGET]] [OPTIONS]"
FILES = r"""services.yaml is looked for in $ROLLBACK_SERVICES, in the working directory, then in the user's
configuration folder; \(oqrollback config path\(cq says which one holds.

$ROLLBACK_STATE_DIR (~/.local/state/rollback) holds the journal of incidents and the figures.
"""
MORE = r"""\(oqrollback help\(cq lists the pages on topics, among them quick, keys, services, exit-codes and security;
\(oqrollback help TOPIC\(cq shows one.
"""


def text() -> str:
    """The page as groff(7) takes it. Without a date: the same parsers give the same page."""
    parser = command_parsers.commands("rollback")
    sub = next(one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    sub._name_parser_map |= {"SERVICE": command_parsers.of_service("rollback")}
    shared = command_parsers.common()
    everywhere = {one.dest for one in shared._actions}
    for one in sub.choices.values():
        one.usage = argparse.SUPPRESS
        for group in one._action_groups:
            group._group_actions = [action for action in group._group_actions if action.dest not in everywhere]
    about = {"manual_section": 1, "manual_title": "User Commands", "project_name": "rollback", "date": " "}
    whole = argparse.ArgumentParser("rollback", USAGE, parser.description, parents=[parser, shared], add_help=False)
    page = Manpage(whole, about, "pretty")
    page.add_section("exit status", "=", _exit_status())
    page.add_section("files", "=", FILES)
    page.add_section("see also", "=", MORE)
    found = (
        str(page).replace(".SH NAME\nrollback\n", f".SH NAME\n{NAME}\n").replace("\nPOSITIONAL ARGUMENTS", " COMMANDS")
    )
    found = re.sub(r"((?:^  .*\n)+)", r".nf\n\1.fi\n", found, flags=re.MULTILINE)
    return re.sub(r"\n{2,}", "\n\n", found)


def _exit_status() -> str:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", (ROOT / "tui/help/exit-codes.md").read_text(), re.MULTILINE)
    return "".join(f".TP\n{code}\n{meaning.replace('`', '')}\n" for code, meaning in rows)


if __name__ == "__main__":
    PAGE.write_text(text())
