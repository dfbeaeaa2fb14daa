"""`rollback evidence SERVICE`: error rates and response times, read for a while; and how a measurement is told."""

import asyncio
from datetime import timedelta

from tui.cli import interrupts, output
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.engine.engine import Engine
from tui.incident import error_rates
from tui.model.evidence import Measurement, Phase, Rate
from tui.model.service import Service
from tui.text import numbers as rounding

Result = tuple[Exit, output.Document]
PROBE_EVERY = 2.0
"""seconds between our own probes meanwhile"""
ATTACH = timedelta(seconds=2)
"""added at the beginning: until the host's log is attached nothing is counted"""


async def evidence(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
    """Read every source for as long as was asked; nothing is changed."""
    service = engine.service(options.names[0])
    engine.evidence.follow((service,), must=True)
    narrator.say(f"counting for {error_rates.span(options.length)}: the host's access log and our own probes", "dim")
    stop = asyncio.Event()
    with interrupts.taken(stop.set):
        await interrupts.until(stop, engine.clock.sleep(ATTACH.total_seconds()))
        since = engine.clock.now()
        await interrupts.until(stop, _probe(engine, service, options.length.total_seconds()))
    if stop.is_set():
        length = error_rates.span(engine.clock.now() - since)
        narrator.say(f"interrupted: counted for {length} of {error_rates.span(options.length)}", "yellow")
    found = await engine.evidence.measure(service, Phase.BEFORE, since)
    if not options.json:
        for line in lines(found):
            output.text(line)
    measured = output.measurement(found)
    document = output.listing(
        "evidence",
        measured.pop("rates"),
        service=service.name,
        app=service.app,
        host=service.host,
        **{name: value for name, value in measured.items() if name != "phase"},
        exit_code=0,
        error=None,
    )
    return Exit.DONE, document


async def _probe(engine: Engine, service: Service, length: float) -> None:
    began = engine.clock.monotonic()
    while (left := length - (engine.clock.monotonic() - began)) > 0:
        await asyncio.gather(engine.probe(service), engine.clock.sleep(min(PROBE_EVERY, left)))


def lines(found: Measurement) -> list[str]:
    """A measurement as rows: what all sources say together first, then each of them."""
    limit = error_rates.percent(found.limit)
    head = f"{found.phase.value}: more than {limit} of requests? {_word(found)}"
    if found.phase is Phase.SWITCH:
        head = f"{found.phase.value}: what it cost; it counts for no verdict"
    if found.p50 is not None and found.p95 is not None:
        head += f"; p50 {rounding.milliseconds(found.p50)}, p95 {rounding.milliseconds(found.p95)} ({found.timed_by})"
    told = [head, *(_row(r, found) for r in found.rates)]
    if found.issues is not None:
        count = "unknown" if found.issues.total is None else str(found.issues.total)
        titles = "; ".join(found.issues.titles[:3])
        told.append("  new issues   " + " ".join(filter(None, (count, titles, found.issues.note))))
    return told


def _word(found: Measurement) -> str:
    together = error_rates.combined(found)
    if together.disagree:
        return "the sources disagree"
    if together.word is error_rates.Word.UNSURE:
        return together.word.value
    return f"{together.word.value.upper()} {error_rates.percent(found.limit)} by {together.source}"


def _row(found: Rate, of: Measurement) -> str:
    reading = error_rates.of(found, of.limit)
    cost = of.phase is Phase.SWITCH and reading is not None
    numbers = error_rates.numbers(reading) if cost and reading is not None else error_rates.worded(found, of.limit)
    window = error_rates.span(found.until - found.since)
    apart = [
        f"{count} {word}"
        for count, word in (
            (found.refused, "refused"),
            (found.closed, "closed by the client"),
            (found.excluded, "of probes not counted"),
        )
        if count
    ]
    tail = "; ".join(filter(None, (", ".join(apart), found.note)))
    return f"  {found.source.value:<12} {numbers}  [{window}{error_rates.behind(found)}]{f'  {tail}' if tail else ''}"
