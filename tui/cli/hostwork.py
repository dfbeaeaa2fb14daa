"""The commands that change a host outside of an incident: `keep`, `freeze`."""

from tui.cli import confirm, output
from tui.cli.exits import Exit, of_error
from tui.cli.narrate import Narrator
from tui.cli.options import Options
from tui.cli.reads import chosen
from tui.engine.engine import Engine
from tui.engine.removal import Removal
from tui.model.errors import AlreadyThere, ConfigError, ConsoleError

Result = tuple[Exit, output.Document]


async def keep(engine: Engine, options: Options, narrator: Narrator) -> Result:
    """Keep what runs, service after service; the exit code is that of the worst."""
    if bool(options.names) == options.all:
        raise ConfigError("name services, or --all", "rollback keep api, or rollback keep --all")
    if options.remove_all:
        return await remove_all(engine, options, narrator)
    items: list[output.Document] = []
    codes: list[Exit] = []
    for service in chosen(engine, options):
        try:
            release = await engine.keep(service, narrator.say)
        except AlreadyThere as known:
            narrator.say(f"{service.name}: {known.message}")
            items.append({"service": service.name, "release": None, "error": output.error(Exit.ALREADY, known.message)})
            codes.append(Exit.ALREADY)
        except ConsoleError as error:
            code = of_error(error)
            narrator.say(f"{service.name}: {error.message}", "red")
            if error.fix:
                narrator.say(f"  fix: {error.fix}")
            items.append(
                {"service": service.name, "release": None, "error": output.error(code, error.message, error.fix)}
            )
            codes.append(code)
        else:
            narrator.say(f"{service.name}: kept as {release.name} ({release.tag})", "green")
            items.append({"service": service.name, "release": output.release(release), "error": None})
            codes.append(Exit.DONE)
    real = [c for c in codes if c not in (Exit.DONE, Exit.ALREADY)]
    code = real[0] if real else (Exit.ALREADY if codes and set(codes) == {Exit.ALREADY} else Exit.DONE)
    return code, output.listing("keep", items, exit_code=int(code))


REMOVE_PHRASE = "remove what is kept"


async def remove_all(engine: Engine, options: Options, narrator: Narrator) -> Result:
    """Show what would be destroyed, have it confirmed, destroy it; the exit code is that of the worst."""
    items: list[output.Document] = []
    codes: list[Exit] = []
    wanted: list[Removal] = []
    for service in chosen(engine, options):
        try:
            wanted.append(await engine.removal(service))
        except ConsoleError as error:
            _refused(items, codes, narrator, service.name, error)
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
        await confirm.given(options, narrator, "this destroys them", phrase=REMOVE_PHRASE)
    for one in wanted:
        try:
            done = await engine.remove_all(one, narrator.say)
        except ConsoleError as error:
            _refused(items, codes, narrator, one.service, error)
            continue
        codes.append(Exit.REFUSED if done.stays else Exit.DONE)
        stays = [{"app": name, "reason": why} for name, why in done.stays]
        items.append({"service": one.service, "removed": list(done.gone), "stays": stays, "error": None})
    code = next((c for c in codes if c is not Exit.DONE), Exit.DONE)
    return code, output.listing("remove", items, exit_code=int(code))


def _refused(
    items: list[output.Document], codes: list[Exit], narrator: Narrator, service: str, error: ConsoleError
) -> None:
    code = of_error(error)
    narrator.say(f"{service}: {error.message}", "red")
    if error.fix:
        narrator.say(f"  fix: {error.fix}")
    items.append({"service": service, "removed": [], "error": output.error(code, error.message, error.fix)})
    codes.append(code)


async def freeze(engine: Engine, options: Options, narrator: Narrator) -> Result:
    """Hold deploys of one service back."""
    service = engine.service(options.names[0])
    await confirm.given(options, narrator, f"hold deploys of {service.name} ({service.app} on {service.host}) back")
    branch = await engine.freeze(service)
    said = f"{service.name} is frozen: pushes deploy nothing until `rollback unfreeze {service.name}`"
    narrator.say(said, "green")
    document = {
        "schema": output.SCHEMA, "kind": "freeze", "service": service.name, "app": service.app,
        "branch": branch, "exit_code": 0, "error": None,
    }  # fmt: skip
    return Exit.DONE, document
