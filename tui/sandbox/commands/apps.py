"""apps:* — create, destroy, list, and the lock that blocks nothing."""

import json

from tui.sandbox.client import CommandRefused, bang
from tui.sandbox.dispatch import command, parse
from tui.sandbox.host import Call
from tui.sandbox.machine import DOMAIN

RUNLEVEL = "invoke-rc.d: could not determine current runlevel"


@command("apps:create", costs="create")
async def create(call: Call) -> int:
    """Creates the app. Raises Refused(1) for a name that is taken or that Dokku does not allow."""
    name = parse(call).first("Please specify an app to run the command on")
    machine = call.host.machine
    if name in machine.apps:
        raise CommandRefused(1, bang("Name is already taken"))
    if not name[0].isalnum() or not all(letter.isalnum() or letter in "-." for letter in name) or name != name.lower():
        raise CommandRefused(
            1,
            bang(
                "App name must begin with lowercase alphanumeric character, and cannot include uppercase characters, "
                "colons, or underscores"
            ),
        )
    machine.create_app(name)
    call.out(f"-----> Creating {name}...")
    call.out("-----> Creating new app virtual host file...")
    if not machine.old:
        call.err(bang(f"No web listeners specified for {name}"))
        call.out(f"-----> Configuring {name}.{DOMAIN}...(using built-in template)")
        call.out("-----> Creating http nginx.conf")
        call.out("       Reloading nginx")
        call.err(RUNLEVEL)
    return 0


@command("apps:destroy")
async def destroy(call: Call) -> int:
    """Deletes the app with its containers and images. Raises Refused(1) without `--force`, as nobody answers the
    question.
    """
    options = parse(call, switches=("--force", "-f"))
    app = call.host.machine.app(options.first())
    if not options.has("--force", "-f"):
        call.raw("> ")
        raise CommandRefused(
            1,
            bang("WARNING: Potentially Destructive Action"),
            bang(f"This command will destroy app {app.name}."),
            bang(f'To proceed, type "{app.name}"'),
            bang("EOF"),
        )
    call.out(f"-----> Destroying {app.name} (including all add-ons)")
    await call.pause(call.host.durations.destroy)
    call.out("-----> Cleaning up...")
    call.out("-----> Retiring old containers and images")
    retired = [due.id for due in call.host.machine.dead_containers if due.app == app.name]
    call.host.machine.destroy_app(call.host.machine.app(app.name))  # unless another one was quicker
    for container_id in retired:
        call.out(f"       Attempting to retire {app.name} container {container_id}")
    call.err(bang("Checking nginx status is not possible for init.d managed services"))
    call.err(RUNLEVEL)
    return 0


@command("apps:list")
async def list_apps(call: Call) -> int:
    """The names of all apps, holders among them; 0.38.27 also as JSON."""
    options = parse(call, values=() if call.host.machine.old else ("--format",))
    names = sorted(call.host.machine.apps)
    if options.flags.get("--format") == "json":
        call.out(json.dumps(names, separators=(",", ":")))
        return 0
    if not call.quiet:
        call.out("=====> My Apps")
    for name in names:
        call.out(name)
    return 0


@command("apps:exists")
async def exists(call: Call) -> int:
    """Says nothing; exit 0 if the app exists, 20 if not."""
    call.host.machine.app(parse(call).first())
    return 0


@command("apps:lock", costs="write")
async def lock(call: Call) -> int:
    """Creates the lock's file, which no deploy looks at."""
    call.host.machine.app(parse(call).first()).lock_file = True
    call.out("-----> Deploy lock created")
    return 0


@command("apps:locked")
async def locked(call: Call) -> int:
    """Exit 0 if the lock's file is there. Raises Refused(1) if it is not."""
    if not call.host.machine.app(parse(call).first()).lock_file:
        raise CommandRefused(1, bang("Deploy lock does not exist"))
    call.out("Deploy lock exists")
    return 0


@command("apps:unlock", costs="write")
async def unlock(call: Call) -> int:
    """Deletes the lock's file; a deploy that runs keeps its flock. Raises Refused(1) if there is no file."""
    app = call.host.machine.app(parse(call).first())
    if not app.lock_file:
        raise CommandRefused(1, bang("Unable to remove deploy lock"))
    app.lock_file = False
    call.err(bang("A deploy may be in progress."))
    call.err(bang("Removing the app lock will not stop in progress deploys."))
    call.out("-----> Deploy lock removed")
    return 0
