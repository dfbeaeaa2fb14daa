"""The import contracts at run time: the command line draws nothing, and nothing heavy is loaded before it has to be."""

import subprocess
import sys
from pathlib import Path

import pytest


def loaded(code: str) -> set[str]:
    """The modules that are loaded after `code` ran in a process of its own."""
    script = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


MODULES = [
    "tui.cli.main",
    "tui.cli.commands.rollback",
    "tui.cli.commands.status",
    "tui.cli.commands.keep",
    "tui.bootstrap",
]


@pytest.mark.parametrize("module", MODULES)
def test_the_command_line_pulls_in_nothing_that_draws(module: str) -> None:
    assert loaded(f"import {module}").isdisjoint({"textual", "rich"})


def test_heavy_libraries_wait_until_they_are_needed() -> None:
    heavy = {"asyncssh", "httpcore", "httpx", "yaml", "dulwich", "apprise"}
    assert loaded("import tui.bootstrap, tui.cli.commands.rollback").isdisjoint(heavy)


def test_what_only_plans_and_mistakes_need_waits_until_then() -> None:
    later = {"difflib", "tarfile", "statistics", "tui.ways.migration_tools", "tui.ways.migration_undo"}
    assert loaded("import tui.bootstrap, tui.cli.commands.status").isdisjoint(later)


def test_a_look_needs_nothing_that_plans_keeps_or_carries_incidents() -> None:
    found = loaded("import tui.bootstrap, tui.cli.commands.status")
    assert "tui.engine.engine" in found
    assert not [one for one in found if one.startswith(("tui.engine.incident.", "tui.incident.postmortem"))]
    assert found.isdisjoint({"tui.engine.releases.planner", "tui.engine.releases.keeper", "tui.dokku.access_text"})


def test_the_first_picture_needs_no_ways_no_language_of_dokku_and_no_search() -> None:
    found = loaded("import tui.console.start, tui.console.app")
    assert found.isdisjoint({"regex", "tui.ways", "tui.dokku.refusals", "tui.config.schema", "tui.engine.engine"})


def test_parsing_arguments_needs_no_engine() -> None:
    found = loaded("from tui.cli.options import parse; parse(['api', 'previous'])")
    assert not any(name.startswith(("tui.engine", "tui.drivers")) for name in found)


TOLD = """
import contextlib
from unittest import mock
from tui.console.setup import Setup
from tui.console.start import console
with mock.patch("tui.console.terminal.prepare", side_effect=EOFError), contextlib.suppress(EOFError):
    console(Setup())
"""
"""the console's start, up to where Textual is told what it reads when it is imported"""


def test_textual_waits_until_it_is_told_what_it_reads_also_where_a_person_has_keys_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "console.yaml"
    file.write_text("theme: light\nkeys:\n  zoom: x\n")
    monkeypatch.setenv("ROLLBACK_CONSOLE", str(file))
    assert "textual" not in loaded(TOLD)


def test_names_that_others_call_are_reachable_as_before() -> None:
    from tui.dokku.access import read
    from tui.dokku.access_log import read as renamed
    from tui.drivers import github
    from tui.drivers.vendors.github import GitHubIssues
    from tui.model.outside import TicketKind, TicketSpec

    assert read is renamed and github.GitHubIssues is GitHubIssues
    assert TicketSpec(kind=TicketKind.GITHUB, where="acme/api").labels == ()
