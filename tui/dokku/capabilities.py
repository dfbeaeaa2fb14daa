"""What a host can do, from its answers: never guessed from a version we have not seen."""

from collections.abc import Mapping
from datetime import datetime

from tui.dokku import commands
from tui.model.host import Capabilities, Form
from tui.model.outcome import Answer
from tui.model.text import decode

QUESTIONS = (commands.version(), commands.plugin_list())
RUNBOOK = {"rollback": "ps:rollback", "tags": "tags:deploy"}
"""plugins that bring the runbook's commands; stock Dokku has none of them"""


def detect(answers: Mapping[tuple[str, ...], Answer], *, at: datetime, form: Form = Form.FORCED) -> Capabilities:
    """Capabilities from the answers to `QUESTIONS`."""
    said = decode(answers[commands.version()].stdout).split()
    version = said[-1] if said else None
    plugins = tuple(
        line.split()[0] for line in decode(answers[commands.plugin_list()].stdout).splitlines() if line.split()
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
        runbook=tuple(command for plugin, command in RUNBOOK.items() if plugin in plugins),
        plugins=plugins,
        asked_at=at,
    )


def at_least(version: str | None, wanted: tuple[int, int]) -> bool:
    """Whether a version like `0.38.27` is at least `wanted`; an unknown one is not."""
    parts = (version or "").split(".")
    if len(parts) < 2 or not all(p.isdigit() for p in parts[:2]):
        return False
    return (int(parts[0]), int(parts[1])) >= wanted
