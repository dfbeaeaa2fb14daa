"""The answers of run, enter, logs and the reports for an app on k3s, and of a cluster out of reach. Recorded on
0.35.15."""

from tui.sandbox import kube
from tui.sandbox.client import CommandRefused, bang
from tui.sandbox.containers import DockerContainer
from tui.sandbox.host import Call
from tui.sandbox.images import Image
from tui.sandbox.machine import App
from tui.sandbox.shell import said, unknown

PANIC = (
    "panic: runtime error: index out of range [1] with length 1",
    "",
    "goroutine 30 [running]:",
    "github.com/dokku/dokku/plugins/ps.getRunningState({0x7fff8714ba0f, 0x3})",
    "\t/go/src/github.com/dokku/dokku/plugins/ps/functions.go:86 +0x1d2",
    "github.com/dokku/dokku/plugins/ps.reportRunningState({0x7fff8714ba0f?, 0x368ef220f01?})",
    "\t/go/src/github.com/dokku/dokku/plugins/ps/report.go:147 +0x18",
    "created by github.com/dokku/dokku/plugins/common.CollectReport in goroutine 1",
)
NOT_FOUND = (
    "Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "
    '"{}": OCI runtime exec failed: exec failed: unable to start container process: exec:'
)
NO_FILE = "executable file not found in $PATH: unknown"
ENTERS = 4.0
"""seconds that `enter` takes, most of them for the pod's own shell"""


def refuse_if_down(call: Call) -> None:
    """Raises Refused(1) while the cluster cannot be reached."""
    if call.host.machine.cluster.down:
        raise CommandRefused(1, bang(kube.UNREACHABLE))


async def run_in_pod(call: Call) -> int:
    """Raises Refused(1), always: the hosts recorded have no login at a registry, and a run needs its Secret."""
    refuse_if_down(call)
    name = f"ims-{call.args[0]}.{int(call.host.machine.now())}"
    raise CommandRefused(1, bang(f'Error getting image pull secret: secrets "{name}" not found'))


async def enter_pod(call: Call, app: App, words: list[str]) -> int:
    """A command in the pod of that number, counted over the pods of all releases. An exit code of its own is lost."""
    refuse_if_down(call)
    process, _, number = (words[0] if words else "").partition(".")
    pods = kube.pods(call.host.machine, app, process) if process else []
    if not pods:
        raise CommandRefused(1, bang(f"No pods found for app {app.name}"))
    index = int(number) - 1 if number.isdigit() else 0
    if index > len(pods):
        raise CommandRefused(1, bang(f"Process index {index} out of range for app {app.name}"))
    if index == len(pods):
        raise CommandRefused(
            2, f"panic: runtime error: index out of range [{index}] with length {len(pods)}", *PANIC[1:3]
        )
    pod = pods[index]
    await call.pause(ENTERS)
    call.raw(".")
    if not pod.running:
        call.err("")
        raise CommandRefused(1, bang(f'unable to upgrade connection: container not found ("{app.name}-{process}")'))
    call.host.machine.execute(app, "enter", " ".join(words[1:]))
    if missing := unknown(words[1:]):
        call.err("")
        raise CommandRefused(1, bang(f'{NOT_FOUND.format(call.host.machine.new_id())} "{missing}": {NO_FILE}'))
    code = said(call, words[1:], pod.sees(), image_of(pod))
    call.err("")
    if code:
        raise CommandRefused(1, bang(f"command terminated with exit code {code}"))
    return 0


def image_of(pod: DockerContainer) -> Image:
    """The image that the pod was started from, whether or not it is still there."""
    return Image(id=pod.image_id, content=pod.content, labels=pod.labels, created=pod.created, config=pod.config)


def process_values(call: Call, app: App) -> dict[str, str]:
    """The values of `ps:report`, which names no process. Raises Refused(2), a panic of Dokku's, without a cluster."""
    if call.host.machine.cluster.down:
        raise CommandRefused(2, *PANIC)
    pods = kube.pods(call.host.machine, app)
    ready = [pod for pod in pods if pod.running]
    wanted = sum(app.scale.get(process, 0) for process in app.process_types)
    enough = bool(ready) and len(ready) >= wanted
    return {
        "deployed": "true",
        "processes": str(wanted if pods else 0),
        "restore": "true" if app.restore else "false",
        "running": "true" if enough else "mixed" if ready else "false",
    }


def log_lines(pod: DockerContainer, texts: list[str], *, quiet: bool) -> str:
    """Lines as `logs` prints those of a pod: its name, and no time."""
    return "".join(f"{text}\n" if quiet else f"app[{pod.name}]: {text}\n" for text in texts)
