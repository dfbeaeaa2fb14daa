"""`keep`: keep what runs, or remove all that is kept."""

import asyncio

from tui.cli import chosen_services, command_failure, output, yes_or_no
from tui.cli.commands.status import AT_ONCE
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.engine.concurrency import all_to_their_end
from tui.engine.engine import Engine
from tui.engine.releases.removal import Removal
from tui.model.errors import AlreadyThere, ConfigError, ConsoleError
from tui.model.service import Service

Result = tuple[Exit, output.Document]


async def keep(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
    """Keep what runs of each service, all hosts and all reads side by side; the exit code is that of the worst."""
    if bool(options.names) == options.all:
        raise ConfigError("name services, or --all", "rollback keep api, or rollback keep --all")
    if options.remove_all:
        return await remove_all(engine, options, narrator)
    services = chosen_services.chosen(engine, options)
    rooms = {service.host: asyncio.Semaphore(AT_ONCE) for service in services}
    told = await all_to_their_end(_kept(engine, service, narrator, rooms[service.host]) for service in services)
    codes = [code for _, code in told]
    real = [c for c in codes if c not in (Exit.DONE, Exit.ALREADY)]
    code = real[0] if real else (Exit.ALREADY if codes and set(codes) == {Exit.ALREADY} else Exit.DONE)
    return code, output.listing("keep", [item for item, _ in told], exit_code=int(code))


async def _kept(
    engine: Engine, service: Service, narrator: Narrator, room: asyncio.Semaphore
) -> tuple[output.Document, Exit]:
    """What became of one service, in a task of its own."""
    mine = engine.gate.counted()
    try:
        async with room:
            release = await engine.keep(service, narrator.say)
    except AlreadyThere as known:
        narrator.say(f"{service.name}: {known.message}")
        error = output.error(Exit.ALREADY, known.message)
        return {"service": service.name, "release": None, "error": error}, Exit.ALREADY
    except ConsoleError as trouble:
        failed = command_failure.failed(trouble, wrote=mine.sent > 0, onward=f"rollback keep {service.name}")
        error = _told(narrator, service.name, failed)
        return {"service": service.name, "release": None, "error": error}, failed.code
    narrator.say(f"{service.name}: kept as {release.name} ({release.tag})", "green")
    return {"service": service.name, "release": output.release(release), "error": None}, Exit.DONE


REMOVE_PHRASE = "remove what is kept"


async def remove_all(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
    """Show what would be destroyed, have it confirmed, destroy it; the exit code is that of the worst."""
    items: list[output.Document] = []
    codes: list[Exit] = []
    wanted: list[Removal] = []
    for service in chosen_services.chosen(engine, options):
        try:
            wanted.append(await engine.removal(service))
        except ConsoleError as error:
            failed = command_failure.failed(error, wrote=False, onward="")
            items.append({"service": service.name, "removed": [], "error": _told(narrator, service.name, failed)})
            codes.append(failed.code)
    count = sum(len(one.names) for one in wanted)
    for one in wanted:
        narrator.say(f"{one.service} ({one.app} on {one.host}): {len(one.names)} apps will be destroyed", "bold")
        for release in one.holders:
            served = output.time(release.last_served) or "unknown"
            marks = " (runs now; the app itself is not touched)" if release.running else ""
            narrator.say(f"  {release.name}  {release.holder}  last served {served}{marks}")
        for name in one.records:
            narrator.say(f"  record  {name}")
    if count:
        narrator.say("afterwards no release of these services has the way back `kept`", "yellow")
        await yes_or_no.given(options, narrator, "this destroys them", phrase=REMOVE_PHRASE)
    for one in wanted:
        before = engine.gate.sent
        again = f"rollback keep {one.service} --remove-all"
        try:
            done = await engine.remove_all(one, narrator.say)
        except ConsoleError as error:
            failed = command_failure.failed(error, wrote=engine.gate.sent > before, onward=again)
            items.append({"service": one.service, "removed": [], "error": _told(narrator, one.service, failed)})
            codes.append(failed.code)
            continue
        stays = [{"app": name, "reason": why} for name, why in done.stays]
        item: output.Document = {"service": one.service, "removed": list(done.gone), "stays": stays, "error": None}
        codes.append(Exit.DONE)
        if done.stays:
            codes[-1] = Exit.UNKNOWN if engine.gate.sent > before else Exit.REFUSED
            left = "; ".join(f"{name}: {why}" for name, why in done.stays)
            words = f"{len(done.gone)} of {len(one.names)} are gone; {left}"
            item["error"] = _told(narrator, one.service, command_failure.Failed(codes[-1], words, again))
        items.append(item)
    code = next((c for c in codes if c is not Exit.DONE), Exit.DONE)
    return code, output.listing("remove", items, exit_code=int(code))


def _told(narrator: Narrator, service: str, failed: command_failure.Failed) -> output.Document | None:
    """Tell the person; the same for the document."""
    narrator.say(f"{service}: {failed.message}", "red")
    if failed.fix:
        narrator.say(f"  fix: {failed.fix}")
    return output.error(failed.code, failed.message, failed.fix)
