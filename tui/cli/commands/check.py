"""`check`: what works, what does not, and the fix of each; exit 3 where something has to be repaired."""

import asyncio
from collections.abc import Callable, Sequence

from tui.cli import chosen_services, first_night, output, yes_or_no
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.engine import check as checking
from tui.engine.concurrency import meanwhile
from tui.engine.engine import Engine
from tui.engine.hosts.overview import HostReads
from tui.engine.notify import outbox as telling
from tui.engine.store import new_id
from tui.model.errors import Refused
from tui.model.finding import Finding, Result
from tui.model.notice import Message, Milestone
from tui.model.service import Service
from tui.text.chat import plain

AT_ONCE = 4
"""services that are looked at at once"""


async def check(engine: Engine, options: CommandOptions, narrator: Narrator) -> tuple[Exit, output.Document]:
    """Look at services.yaml, at every host, at every service, and at what is asked and told beside them; with --notify
    tell every channel something instead."""
    if options.notify:
        return await notify(engine, options, narrator)
    services = chosen_services.chosen(engine, options)
    hosts = sorted({s.host for s in services})
    found = await findings(engine, services, None if options.json else _print)
    never = never_kept(found)
    wrong = [line for line in found if line.result is Result.FINDING]
    code = Exit.REFUSED if wrong else Exit.DONE
    first_night.warn(never, narrator)
    items = [item(one) for one in found]
    message = f"{len(wrong)} findings" if wrong else ""
    return code, output.listing(
        "check",
        items,
        drill={host: list(checking.drill(engine.fleet.host(host))) for host in hosts},
        never_kept=list(never),
        exit_code=int(code),
        error=output.error(code, message),
    )


async def findings(
    engine: Engine, services: tuple[Service, ...], tell: Callable[[Finding], None] | None = None
) -> list[Finding]:
    """Everything that was looked at; `tell` gets each line when it is known, in their order."""
    found: list[Finding] = []

    def known(lines: Sequence[Finding]) -> None:
        found.extend(lines)
        if tell is not None:
            for line in lines:
                tell(line)

    known([Finding(subject="services", topic="file", result=Result.NOTE, text=w) for w in engine.fleet.warnings])
    room = asyncio.Semaphore(AT_ONCE)
    async with meanwhile() as begin:
        hosts = sorted({s.host for s in services})
        reads = {
            host: HostReads(engine.links, host, tuple(s.app for s in services if s.host == host), begin)
            for host in hosts
        }

        async def one(service: Service) -> list[Finding]:
            async with room:
                return await checking.service(engine, service, reads[service.host])

        asked = [
            *(
                begin(lines)
                for host in hosts
                for lines in (checking.host(engine, host, reads[host]), checking.runbook(engine, host))
            ),
            *(begin(one(service)) for service in services),
            begin(checking.outside(engine, services)),
        ]
        for task in asked:
            known(await task)
        known(await engine.postmortems.checked())
    return found


def _print(line: Finding) -> None:
    output.text(f"{line.result.value:<8} {line.subject:<16} {line.text}")
    if line.fix:
        output.text(f"{'':<25} fix: {line.fix}")


def item(one: Finding) -> output.Document:
    """A line as the document has it."""
    return {"subject": one.subject, "topic": one.topic, "result": one.result.value, "text": one.text, "fix": one.fix}


def show_wrong(found: list[Finding], narrator: Narrator) -> None:
    """Only what has to be repaired; services without a kept release are said apart."""
    wrong = [one for one in found if one.result is Result.FINDING and one.topic != checking.NEVER_KEPT]
    for one in wrong:
        _print(one)
    if not wrong:
        narrator.say("check: nothing else has to be repaired", "green")


def never_kept(found: list[Finding]) -> tuple[str, ...]:
    """The services of which no release is kept."""
    return tuple(one.subject for one in found if one.topic == checking.NEVER_KEPT)


async def notify(engine: Engine, options: CommandOptions, narrator: Narrator) -> tuple[Exit, output.Document]:
    """Send a test message to every channel and say what came back; exit 3 where one was not delivered."""
    message = _test_message(engine)
    channels = [channel for channel in engine.outside.channels if channel.wants(message)]
    known = {channel.name for channel in engine.outside.channels}
    unset = [name for name in engine.fleet.notify if name not in known]
    for name in unset:
        narrator.say(f"{name} is not set (nor {name}_FILE): nothing is sent there", "yellow")
    if not known:
        raise Refused("there is no channel to test", "name variables that hold notification URLs under `notify:`")
    if engine.gate.read_only:
        raise Refused("read-only: nothing is sent", "start without --read-only")
    for name in sorted(known - {channel.name for channel in channels}):
        narrator.say(f"{name} takes no test: it would make something that stays", "dim")
    narrator.post(message, tuple(channel.name for channel in channels))
    await yes_or_no.given(options, narrator, "send it")
    receipts = await asyncio.gather(*(telling.tried(channel, message) for channel in channels))
    items: list[output.Document] = []
    for channel, receipt in zip(channels, receipts, strict=True):
        items.append(
            {
                "channel": channel.name,
                "delivered": receipt.delivered,
                "detail": receipt.detail,
                "link": receipt.link,
            }
        )
        word = "told" if receipt.delivered else "NOT DELIVERED"
        if not options.json:
            output.text(f"{word:<14} {channel.name:<24} {receipt.detail} {receipt.link or ''}".rstrip())
    code = Exit.DONE if all(r.delivered for r in receipts) and not unset else Exit.REFUSED
    message_ = "" if code is Exit.DONE else "not every channel was told"
    return code, output.listing("notify", items, unset=unset, exit_code=int(code), error=output.error(code, message_))


def _test_message(engine: Engine) -> Message:
    return Message(
        incident=f"test-{new_id(engine.clock)}"[:32],
        service="",
        milestone=Milestone.STARTED,
        at=engine.clock.now(),
        title="rollback: a test message",
        text=plain(f"Nothing happened. {engine.by} tests whether incidents of {engine.fleet.environment} arrive here."),
    )
