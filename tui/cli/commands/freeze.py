"""`freeze`: hold the deploys of one service back."""

from tui.cli import output, yes_or_no
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.engine.engine import Engine
from tui.text.clean import clean_line

LONGEST_REASON = 300
"""characters of a reason"""


async def freeze(engine: Engine, options: CommandOptions, narrator: Narrator) -> tuple[Exit, output.Document]:
    """Hold deploys of one service back."""
    service = engine.service(options.names[0])
    await yes_or_no.given(options, narrator, f"hold deploys of {service.name} ({service.app} on {service.host}) back")
    reason = clean_line(options.reason, LONGEST_REASON)
    frozen = await engine.freeze(service, reason)
    said = f"{service.name} is frozen: pushes deploy nothing until `rollback unfreeze {service.name}`"
    narrator.say(said, "green")
    if frozen.unheld:
        narrator.say(frozen.unheld, "yellow")
    document = {
        "schema": output.SCHEMA, "kind": "freeze", "service": service.name, "app": service.app,
        "branch": frozen.branch, "deploys_go_live": frozen.unheld or None,
        "reason": reason or None, "exit_code": 0, "error": None,
    }  # fmt: skip
    return Exit.DONE, document
