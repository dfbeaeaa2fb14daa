"""`logs`: what a service prints, cleaned."""

import asyncio
import contextlib

from tui.cli import output
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.dokku.framing import Framer
from tui.dokku.log_lines import read_line
from tui.engine.engine import Engine
from tui.model.errors import Refused

LOG_LIMIT = 1000
"""lines a single request may ask for"""


async def logs(engine: Engine, options: CommandOptions, narrator: Narrator) -> tuple[Exit, output.Document]:
    """The service's log, cleaned; with --json one object a line."""
    service = engine.service(options.names[0])
    if not 1 <= options.lines <= LOG_LIMIT:
        raise Refused(f"-n {options.lines} is not possible", f"1 to {LOG_LIMIT} lines")
    framer = Framer()
    if not options.follow:
        for line in (*framer.feed(await engine.log(service, options.lines)), *framer.flush()):
            _log_line(line.text, options)
        return Exit.DONE, output.listing("logs", [], exit_code=0)
    stream = engine.logs(service, options.lines)
    with contextlib.suppress(asyncio.CancelledError):  # Ctrl-C is how a log that is followed ends
        async for chunk in stream:
            for line in framer.feed(chunk):
                _log_line(line.text, options)
    narrator.say(f"the stream ended: {stream.outcome}")
    return Exit.DONE, output.listing("logs", [], exit_code=0)


def _log_line(text: str, options: CommandOptions) -> None:
    if not options.json:
        output.follow(text)
        return
    line = read_line(text)
    output.follow({"at": output.time(line.at), "process": line.process, "text": line.text})
