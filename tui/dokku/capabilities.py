"""The abilities of a host, from its answers: never guessed from a version we have not seen."""

import re
from collections.abc import Mapping
from datetime import datetime

from tui.dokku import commands
from tui.model.host import Capabilities, Form
from tui.model.outcome import Answer
from tui.text.clean import plain

QUESTIONS = (commands.version(), commands.plugin_list())
_VERSION = re.compile(r"^dokku version v?([0-9][\w.+~-]*)\s*$", re.MULTILINE)
"""a line of its own: a host may greet before it, or warn behind it"""
RUNBOOK = ("ps:rollback", "tags", "tags:deploy")
"""the runbook's commands; stock Dokku has none of them, and a plugin that brings them may have any name"""


def detect(answers: Mapping[tuple[str, ...], Answer], *, at: datetime, form: Form = Form.FORCED) -> Capabilities:
    """Capabilities from the answers to `QUESTIONS`; the runbook's commands are asked for apart, see `runbook`."""
    version = read_version(answers[commands.version()])
    plugins = tuple(
        line.split()[0] for line in plain(answers[commands.plugin_list()].stdout).splitlines() if line.split()
    )
    modern = "builds" in plugins or at_least(version, (0, 36))
    how = "property" if modern else "config"
    return Capabilities(
        version=version,
        form=form,
        builds=modern,
        list_json=modern,
        skip_deploy=how,
        skip_cleanup=how,
        plugins=plugins,
        asked_at=at,
    )


def runbook(told: Answer) -> tuple[str, ...]:
    """The runbook's commands that exist on a host, by its answer to `help --all`."""
    known = {line.split()[0] for line in plain(told.stdout).splitlines() if line.split()}
    return tuple(command for command in RUNBOOK if command in known)


def read_version(answer: Answer) -> str | None:
    """The version in the answer to `version`, or None where that is no answer of Dokku's."""
    found = _VERSION.search(plain(answer.stdout))
    return found[1] if answer.ok and found else None


def login_form(answer: Answer) -> Form | None:
    """The form in which this login takes commands, from its answer to a bare `version`; None where that tells neither.

    Dokku's forced command answers it; a shell has no such program (exit 127) and needs `dokku` before it.
    """
    if read_version(answer):
        return Form.FORCED
    return Form.SHELL if answer.code == 127 else None


def at_least(version: str | None, wanted: tuple[int, int]) -> bool:
    """True if a version like `0.38.27` is at least `wanted`; an unknown one is not."""
    parts = (version or "").split(".")
    if len(parts) < 2 or not all(p.isdigit() for p in parts[:2]):
        return False
    return (int(parts[0]), int(parts[1])) >= wanted
