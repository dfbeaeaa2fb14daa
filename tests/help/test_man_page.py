"""The man page: it says what the parsers say, and a wheel brings it along."""

from tests.help import man_page
from tui.model.command_words import COMMANDS


def test_it_is_what_the_parsers_say() -> None:
    assert man_page.PAGE.read_text() == man_page.text(), "python -m tests.help.man_page"


def test_every_command_and_exit_code_is_on_it() -> None:
    page = man_page.PAGE.read_text()
    assert page.startswith('.TH ROLLBACK "1"') and man_page.NAME in page
    assert not [name for name in (*COMMANDS, "SERVICE") if f"COMMAND \\fI\\,'rollback {name}'" not in page]
    assert ".TP\n11\nfailed, and nothing serves" in page


def test_the_wheel_brings_it_to_where_man_looks() -> None:
    project = (man_page.ROOT / "pyproject.toml").read_text()
    assert '"tui/rollback.1" = "share/man/man1/rollback.1"' in project
