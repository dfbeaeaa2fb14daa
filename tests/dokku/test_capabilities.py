"""What a host can do, from its recorded answers."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tui import sandbox
from tui.dokku import capabilities, commands
from tui.model.host import Form
from tui.model.outcome import Answer, Exited

AT = datetime(2026, 11, 24, tzinfo=UTC)


def answer(argv: tuple[str, ...], stdout: str, code: int = 0) -> Answer:
    return Answer(argv=argv, outcome=Exited(code=code), started_at=AT, seconds=0.1, stdout=stdout.encode())


def recorded(version: str) -> dict[tuple[str, ...], Answer]:
    answers = json.loads((Path(__file__).parent / "data" / f"{version}.json").read_text())["answers"]
    told = {argv: answers[argv[0]]["stdout"] for argv in (commands.version(), commands.plugin_list())}
    return {argv: answer(argv, stdout) for argv, stdout in told.items()}


def recorded_text(version: str, command: str) -> str:
    """From the recordings that the sandbox replays (2026-11-23)."""
    texts = json.loads((Path(sandbox.__file__).parent / "recorded" / f"{version}.json").read_text())["texts"]
    return "\n".join(texts[command])


def test_the_runbooks_commands_are_found_by_their_names_whatever_plugin_brings_them() -> None:
    listed = recorded_text("0.35.15", "help --all")
    assert capabilities.runbook(answer(commands.help_all(), listed)) == ()
    listed += "\nCommunity plugin commands:\n\n    tags:deploy <app> <tag>   Deploys\n    tags:list <app>\n"
    assert capabilities.runbook(answer(commands.help_all(), listed)) == ("tags:deploy",)


@pytest.mark.parametrize(("version", "modern", "how"), [("0.35.15", False, "config"), ("0.38.27", True, "property")])
def test_recorded_hosts(version: str, modern: bool, how: str) -> None:
    found = capabilities.detect(recorded(version), at=AT)
    assert (found.version, found.builds, found.list_json) == (version, modern, modern)
    assert (found.skip_deploy, found.skip_cleanup) == (how, how)
    assert capabilities.runbook(answer(commands.help_all(), recorded_text(version, "help --all"))) == ()
    assert "git" in found.plugins


def test_the_form_of_a_login() -> None:
    ask = commands.version()
    assert capabilities.login_form(answer(ask, "dokku version 0.35.15\n")) is Form.FORCED
    greeted = answer(ask, "Welcome to web1\ndokku version 0.35.15\nYou have mail.\n")
    assert (capabilities.login_form(greeted), capabilities.read_version(greeted)) == (Form.FORCED, "0.35.15")
    assert capabilities.read_version(answer(ask, "this is no dokku version 0.35.15\n")) is None
    assert capabilities.login_form(answer(ask, "", 127)) is Form.SHELL
    assert capabilities.login_form(answer(ask, "", 1)) is None
    assert capabilities.login_form(answer(ask, "Welcome!\n")) is None


def test_words_that_are_no_version_are_none() -> None:
    answers = {
        commands.version(): answer(commands.version(), "please change your password"),
        commands.plugin_list(): answer(commands.plugin_list(), ""),
    }
    assert capabilities.detect(answers, at=AT).version is None
