"""domains:* — only domains:disable, by Dokku's source (plugins/domains/functions): no recording has it."""

from tui.sandbox.commands.ps import restart_with_release
from tui.sandbox.dispatch import command, parse
from tui.sandbox.host import Call

SWITCH = "NO_VHOST"


@command("domains:disable", costs="write")
async def disable(call: Call) -> int:
    """Takes the app's domains away; a deployed app is restarted, as by config:set."""
    app = call.host.machine.app(parse(call).first())
    if app.config.get(SWITCH) == "1":
        call.out(f"-----> Domains (VHOST) support is already disabled for app ({app.name})")
        return 0
    call.out("-----> App virtual host support disabled")
    app.config[SWITCH] = "1"
    if app.deployed:
        await restart_with_release(call, app)
    return 0
