"""`check`: what works, what does not, and the fix of each; exit 3 where something has to be repaired."""

import asyncio

from tui.cli import output
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import Options
from tui.cli.reads import chosen
from tui.engine import check as checking
from tui.engine.engine import Engine
from tui.model.finding import Finding, Result


async def check(engine: Engine, options: Options, narrator: Narrator) -> tuple[Exit, output.Document]:
    """Look at services.yaml, at every host, at every service, and at what is asked and told beside them."""
    services = chosen(engine, options)
    hosts = sorted({s.host for s in services})
    found = [Finding(subject="services", topic="file", result=Result.NOTE, text=w) for w in engine.fleet.warnings]
    for lines in await asyncio.gather(*(checking.host(engine, host) for host in hosts)):
        found.extend(lines)
    for service in services:
        found.extend(await checking.service(engine, service))
    found.extend(await checking.outside(engine, tuple(services)))
    drills = {host: checking.drill(engine.fleet.host(host)) for host in hosts}
    wrong = [line for line in found if line.result is Result.FINDING]
    code = Exit.REFUSED if wrong else Exit.DONE
    if not options.json:
        for line in found:
            output.text(f"{line.result.value:<8} {line.subject:<16} {line.text}")
            if line.fix:
                output.text(f"{'':<25} fix: {line.fix}")
        for host, drill in drills.items():
            output.text(f"\na timed drill on a test app of {host}, if you want to see it work:")
            for text in drill:
                output.text(f"  {text}")
    items = [
        {"subject": f.subject, "topic": f.topic, "result": f.result.value, "text": f.text, "fix": f.fix} for f in found
    ]
    message = f"{len(wrong)} findings" if wrong else ""
    drill_lines = {host: list(lines) for host, lines in drills.items()}
    return code, output.listing(
        "check", items, drill=drill_lines, exit_code=int(code), error=output.error(code, message)
    )
