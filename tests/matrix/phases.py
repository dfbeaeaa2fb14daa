"""The phases of an incident: how one is held there, and how it is known to be there."""

from collections.abc import Callable

from tests.matrix.stage import APP, RECORD, Running, Stage
from tests.sandboxes import Sandbox

HOLD = 3.0
"""seconds for which a command of the host waits, so that the fault meets its phase"""


def _command(prefix: str) -> Callable[[Stage, Running], None]:
    """Held while this command waits on the host."""

    def reach(stage: Stage, running: Running) -> None:
        def there() -> bool:
            commands = stage.box.look()["commands"]
            return any(c["command"].startswith(prefix) and c["ended"] is None for c in commands)

        stage.until(there, running, f"`{prefix}`", every=HOLD / 20)

    return reach


def _deploy(phase: str) -> Callable[[Stage, Running], None]:
    """While our push runs on the host, as far as that."""

    def reach(stage: Stage, running: Running) -> None:
        def there() -> bool:
            pushes = (c for c in stage.box.look()["commands"] if c["command"].startswith(f"git-receive-pack '{APP}'"))
            return any(phase in c["phases"] for c in pushes)

        stage.until(there, running, phase)

    return reach


def _told(word: str) -> Callable[[Stage, Running], None]:
    """When the console says so."""

    def reach(stage: Stage, running: Running) -> None:
        stage.until(lambda: word in running.told, running, repr(word))

    return reach


HELD = {
    "plan": f"git:report {APP}",
    "record": f"apps:create {RECORD}",
    "sign": f"config:set --no-restart {RECORD} ROLLBACK_SCHEMA",
    "freeze": f"git:set {APP} deploy-branch frozen-by-",
    "push-begun": f"git-receive-pack '{APP}'",
    "mark": f"config:set --no-restart {APP}--r4--",
    "close": f"config:set --no-restart {RECORD} ROLLBACK_STATE",
    "unfreeze": f"git:set {APP} deploy-branch main",
}
"""phase → the command that waits in it"""
REACH: dict[str, Callable[[Stage, Running], None]] = {
    **{phase: _command(prefix) for phase, prefix in HELD.items()},
    "built": _deploy("built"),
    "switched": _deploy("switched"),
    "done": _deploy("deployed"),
    "verify": _told("verifying"),
    "watch": _told("watching"),
}
PHASES = (
    "plan", "record", "sign", "freeze", "push-begun", "built", "switched", "done", "mark", "verify", "watch", "close",
    "unfreeze",
)  # fmt: skip


def hold(box: Sandbox, phase: str) -> None:
    """Make the host slow where the phase is."""
    if phase in HELD:
        box.pull("fault", kind="slow_command", when={"command_prefix": HELD[phase]}, seconds=HOLD)
