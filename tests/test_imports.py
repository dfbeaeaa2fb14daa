"""The import contracts at run time: the command line draws nothing, and nothing heavy is loaded before it has to be."""

import subprocess
import sys

import pytest


def loaded(code: str) -> set[str]:
    """The modules that are loaded after `code` ran in a process of its own."""
    script = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


MODULES = [
    "tui.cli.main",
    "tui.cli.commands.rollback",
    "tui.cli.commands.status_logs",
    "tui.cli.commands.keep_freeze",
    "tui.bootstrap",
]


@pytest.mark.parametrize("module", MODULES)
def test_the_command_line_pulls_in_nothing_that_draws(module: str) -> None:
    assert loaded(f"import {module}").isdisjoint({"textual", "rich"})


def test_heavy_libraries_wait_until_they_are_needed() -> None:
    heavy = {"asyncssh", "httpx", "yaml", "dulwich", "apprise"}
    assert loaded("import tui.bootstrap, tui.cli.commands.rollback").isdisjoint(heavy)


def test_parsing_arguments_needs_no_engine() -> None:
    found = loaded("from tui.cli.options import parse; parse(['api', 'previous'])")
    assert not any(name.startswith(("tui.engine", "tui.drivers")) for name in found)


def test_names_that_others_call_are_reachable_as_before() -> None:
    from tui.dokku.access import read
    from tui.dokku.access_log import read as renamed
    from tui.drivers import github
    from tui.drivers.vendors.github import GitHubIssues
    from tui.model.outside import TicketKind, TicketSpec

    assert read is renamed and github.GitHubIssues is GitHubIssues
    assert TicketSpec(kind=TicketKind.GITHUB, where="acme/api").labels == ()
