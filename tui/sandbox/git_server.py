"""git's server side over SSH: git-receive-pack, and the deploy in its pre-receive hook.

What flows in: pkt-lines and a pack. What flows out: the advertisement, progress on band 2, the report on band 1.
Facts that shape it, measured on both versions:

- Dokku deploys *in the hook*, before git compares the old id with the ref. A push with a stale old id is deployed and
  then answered `ng … failed to update ref`, with exit status 0.
- The hook outlives its client: once the pack has arrived whole, a deploy runs to its end whoever is listening.
- Objects of a refused push are dropped with its quarantine.
- A push to another branch than the deploy branch moves the ref and only warns; the first push sets the deploy branch.
"""

import asyncio
from dataclasses import dataclass, field

from dulwich.errors import ChecksumMismatch
from dulwich.object_store import BaseObjectStore

from tui.sandbox.build_records import never_ended, recorded_build
from tui.sandbox.client import CommandRefused
from tui.sandbox.deploy.build import BuildSource
from tui.sandbox.deploy.phases import build_and_deploy
from tui.sandbox.deploy_lines import CommandFailed
from tui.sandbox.dispatch import command
from tui.sandbox.host import Call, Push
from tui.sandbox.locks import deploy_lock
from tui.sandbox.machine import App
from tui.sandbox.repos import ZERO, Quarantine, read_files

CAPABILITIES = (
    "report-status report-status-v2 delete-refs side-band-64k quiet atomic ofs-delta "
    "object-format=sha1 agent=git/2.47.3"
)
BAND_LIMIT = 65_515
FLUSH = b"0000"
MARK = "\x1b[1G\x1b[K"


@dataclass(slots=True, kw_only=True)
class Update:
    """One ref of a push, and how it ends: `status` is `ok` or git's reason against it."""

    ref: str
    old: str
    new: str
    status: str = "ok"


@dataclass(slots=True, kw_only=True)
class PushRequest:
    """A client's push, and the abilities of its git."""

    updates: list[Update] = field(default_factory=list)
    capabilities: tuple[str, ...] = ()


def pkt(payload: bytes) -> bytes:
    """The payload as one pkt-line: four hex digits of length before it."""
    return b"%04x" % (len(payload) + 4) + payload


def on_band(number: int, data: bytes) -> bytes:
    """The data on a side band, in as many pkt-lines as it takes."""
    pieces = (data[start : start + BAND_LIMIT] for start in range(0, len(data), BAND_LIMIT))
    return b"".join(pkt(bytes([number]) + piece) for piece in pieces)


async def read_pkt(call: Call) -> bytes | None:
    """None for a flush. Raises EOFError at the end of input."""
    size = int(await call.client.read_exactly(4), 16)
    return None if size == 0 else await call.client.read_exactly(size - 4)


def app_of(call: Call) -> str:
    """The app's name in the path that git was given: without slashes, Dokku's folder and `.git`."""
    path = call.args[0] if call.args else ""
    return path.strip("/").removeprefix("home/dokku/").removesuffix(".git")


@command("git-receive-pack")
async def receive_pack(call: Call) -> int:
    """Serves a push, which creates the app if there is none. Exit 128 if the client leaves before the pack is whole."""
    machine = call.host.machine
    name = app_of(call)
    # Dokku creates an app by its first push.
    app = machine.apps.get(name) or machine.create_app(name)
    call.write(advertisement(app))
    try:
        request = await read_request(call)
    except EOFError:
        return 128
    if not request.updates:
        return 0
    started = machine.now()
    quarantine = Quarantine(app.repo.store)
    try:
        unpacked = await unpack(call, quarantine, request)
        # From here on the client may die: the hook goes on.
        call.detached = True
        call.merged = True
        call.band = "side-band-64k" in request.capabilities
        if unpacked == "ok":
            await hook(call, app, request, quarantine)
            accept(call, app, request, quarantine)
        else:
            for update in request.updates:
                update.status = "unpacker error"
    except EOFError:
        return 128
    ended = machine.now()
    for update in request.updates:
        push = Push(
            app=name, ref=update.ref, old=update.old, new=update.new, status=update.status, started=started, ended=ended
        )
        call.host.pushes.append(push)
    report(call, request, unpacked)
    return 0


def advertisement(app: App) -> bytes:
    """The refs of the app as pkt-lines, the first with the capabilities, and a flush."""
    refs = app.repo.refs()
    lines = [f"{value} {name}" for name, value in refs.items()] or [f"{ZERO} capabilities^{{}}"]
    first = pkt(f"{lines[0]}\0{CAPABILITIES}\n".encode())
    return first + b"".join(pkt(f"{line}\n".encode()) for line in lines[1:]) + FLUSH


async def read_request(call: Call) -> PushRequest:
    """The client's request to push, up to the flush. Raises EOFError if it leaves before."""
    request = PushRequest()
    while (line := await read_pkt(call)) is not None:
        command_text, _, capabilities = line.rstrip(b"\n").partition(b"\0")
        words = command_text.decode().split(" ")
        if capabilities:
            request.capabilities = tuple(capabilities.decode().split())
        if len(words) == 3:  # anything else is a shallow boundary
            request.updates.append(Update(old=words[0], new=words[1], ref=words[2]))
    return request


async def unpack(call: Call, quarantine: Quarantine, request: PushRequest) -> str:
    """Takes the pack in. Raises EOFError if the client dies before the pack is whole."""
    if all(update.new == ZERO for update in request.updates):
        return "ok"
    loop = asyncio.get_running_loop()

    def exactly(count: int) -> bytes:
        return asyncio.run_coroutine_threadsafe(call.client.read_exactly(count), loop).result()

    def some(count: int) -> bytes:
        data = asyncio.run_coroutine_threadsafe(call.client.read(count), loop).result()
        if not data:
            raise EOFError
        return data

    try:
        await asyncio.to_thread(quarantine.add_thin_pack, exactly, some)
    except (ChecksumMismatch, AssertionError, KeyError, ValueError):
        return "index-pack abnormal exit"
    call.phase("received")
    if any(fault.kind == "full_disk" and fault.mode == "objects" for fault in call.faults):
        call.err("error: file write error: No space left on device")
        call.err("fatal: unable to write loose object file")
        return "unpack-objects abnormal exit"
    return "ok"


async def hook(call: Call, app: App, request: PushRequest, store: BaseObjectStore) -> None:
    """Runs pre-receive for the branches of a push; a refusal or failed deploy declines all of its refs."""
    try:
        for update in request.updates:
            if update.new != ZERO and update.ref.startswith("refs/heads/"):
                await pre_receive(call, app, update, store)
    except CommandRefused as refusal:
        for text in refusal.lines:
            call.err(text)
        decline(request)
    except CommandFailed:
        decline(request)


def decline(request: PushRequest) -> None:
    """Marks all refs of the push as declined by the hook."""
    for update in request.updates:
        update.status = "pre-receive hook declined"


async def pre_receive(call: Call, app: App, update: Update, store: BaseObjectStore) -> None:
    """Dokku's hook for one branch. Raises Refused for a lock, CommandFailed for a failed deploy."""
    await call.pause(0.3)
    branch = update.ref.removeprefix("refs/heads/")
    wanted = deploy_branch(call, app)
    if wanted is None:
        app.properties["git-deploy-branch"] = wanted = branch
        call.out(f"{MARK}-----> Set {branch} as deploy-branch")
    if branch != wanted:
        warning = (
            f"{MARK}-----> WARNING: deploy did not complete, you must push to {wanted}.",
            f"{MARK}-----> for example, try 'git push <dokku> {branch}:{wanted}'",
        )
        for text in warning:
            call.out(text)
        never_ended(call, app, "git-hook", warning)  # recorded: such a push leaves a record of a build too
        return
    with recorded_build(call, app, "git-hook"), deploy_lock(call, app):
        call.marked = True
        await build_and_deploy(call, app, BuildSource(commit=update.new, files=read_files(store, update.new)))
        app.deploy_source, app.metadata = "git-push", update.new
        app.source_image = ""  # seen: used once more by this push, and gone after it


def deploy_branch(call: Call, app: App) -> str | None:
    """None before the first push to an app whose branch nobody has set."""
    chosen = app.properties.get("git-deploy-branch") or call.host.machine.global_properties.get("git-deploy-branch")
    if chosen:
        return chosen
    untouched = not app.released and not any(name.startswith("refs/heads/") for name in app.repo.refs())
    return None if untouched and "git-deploy-branch" not in app.properties else "master"


def branch_now(call: Call, app: App) -> str:
    """The deploy branch, which is master as long as nobody has chosen one."""
    return deploy_branch(call, app) or "master"


def accept(call: Call, app: App, request: PushRequest, quarantine: Quarantine) -> None:
    """Moves the refs, each only from the id the client believed it to have."""
    if all(update.status == "ok" for update in request.updates):
        quarantine.keep()
    for update in request.updates:
        if update.status != "ok":
            continue
        now = app.repo.ref(update.ref) or ZERO
        if now != update.old:
            why = f"is at {now} but expected {update.old}"
            if now == ZERO:
                why = f"unable to resolve reference '{update.ref}'"
            call.err(f"error: cannot lock ref '{update.ref}': {why}")
            update.status = "failed to update ref"
        else:
            app.repo.set_ref(update.ref, None if update.new == ZERO else update.new)


def report(call: Call, request: PushRequest, unpacked: str) -> None:
    """Tells the client how each ref ended, on band 1 if it uses bands; nothing if it asked for no report."""
    if not any(name.startswith("report-status") for name in request.capabilities):
        return
    lines = [f"unpack {unpacked}\n"]
    lines += [
        f"ok {update.ref}\n" if update.status == "ok" else f"ng {update.ref} {update.status}\n"
        for update in request.updates
    ]
    data = b"".join(pkt(line.encode()) for line in lines) + FLUSH
    banded, call.band = call.band, False
    call.write(on_band(1, data) + FLUSH if banded else data)
