"""git:* — the deploys that die with their client: git:sync, git:from-image, git:from-archive."""

import io
import tarfile
from collections.abc import Iterator

from tui.sandbox import clock
from tui.sandbox.build_records import recorded_build
from tui.sandbox.client import ClientGone, CommandRefused, bang
from tui.sandbox.deploy.build import BuildSource
from tui.sandbox.deploy.docker_troubles import PULL, struck
from tui.sandbox.deploy.phases import build_and_deploy
from tui.sandbox.deploy_lines import CommandFailed, tool
from tui.sandbox.dispatch import command, parse
from tui.sandbox.git_server import branch_now, deploy_branch
from tui.sandbox.host import Call
from tui.sandbox.image_registry import ADDRESS, pull
from tui.sandbox.locks import deploy_lock
from tui.sandbox.machine import App
from tui.sandbox.repos import BadRef, Repository, Signature, read_files

COMMITTER = "Automated <automated@dokku.sh>"
NEW_BRANCH = " * [new branch]      {0:<10} -> {0}"
SCRATCH = "/tmp/dokku"  # noqa: S108 - what the host says, no path here


@command("git:sync")
async def sync(call: Call) -> int:
    """Moves the branch first and asks the lock afterwards, as measured: that is how it makes a running push fail at
    its end.
    """
    call.merged = True
    options = parse(call, switches=("--build", "--build-if-changes", "--skip-deploy-branch"))
    app = call.host.machine.app(options.first())
    remote = options.plain[1] if len(options.plain) > 1 else ""
    ref = options.plain[2] if len(options.plain) > 2 else ""
    if not remote:
        raise CommandRefused(1, bang("Missing repository"))
    branch = branch_now(call, app)
    call.out(f"       Fetching remote code for {app.name} from {remote}#{ref or branch}")
    await call.pause(0.2)
    commit = fetched(call, app, remote, ref or branch)
    changed = app.repo.branch(branch) != commit
    if options.has("--build-if-changes") and not changed:
        call.out("       Skipping build as no changes were detected")
        return 0
    app.repo.set_ref(f"refs/heads/{branch}", commit)
    if not options.has("--build", "--build-if-changes"):
        return 0
    with recorded_build(call, app, "git:sync"), deploy_lock(call, app):
        call.marked = True
        await build_and_deploy(call, app, BuildSource(commit=commit, files=read_files(app.repo.store, commit)))
        app.deploy_source, app.metadata = "git-sync", f"{remote}#{commit}"
    return 0


def fetched(call: Call, app: App, remote: str, ref: str) -> str:
    """The commit of a ref of another repository on this host. Raises Refused(128) with git's words."""
    source = repository_at(call, remote)
    if source is None:
        raise CommandRefused(128, *unreachable(remote))
    try:
        commit = source.resolve(ref)
    except BadRef:
        raise CommandRefused(128, f"fatal: {ref}^{{commit}}: not a valid SHA1") from None
    source.copy_all(app.repo)
    return commit


def repository_at(call: Call, remote: str) -> Repository | None:
    """The repository of another app of this host; None for any other place."""
    if not remote.startswith("/home/dokku/"):
        return None
    found = call.host.machine.apps.get(remote.removeprefix("/home/dokku/").rstrip("/"))
    return found.repo if found is not None else None


def unreachable(remote: str) -> tuple[str, ...]:
    """git's lines about a remote that cannot be read: a path, or a host whose name is not found."""
    if remote.startswith("/"):
        return (
            f"fatal: '{remote}' does not appear to be a git repository",
            "fatal: Could not read from remote repository.",
        )
    where = remote.partition("://")[2].partition("/")[0].partition(":")[0] or remote.partition(":")[0]
    return (f"fatal: unable to look up {where} (port 9418) (Name or service not known)",)


@command("git:from-image")
async def from_image(call: Call) -> int:
    """Commits a Dockerfile that names the image; labels the result so that ps:retire later deletes the source image
    too.
    """
    call.merged = True
    machine = call.host.machine
    options = parse(call, values=("--build-dir",))
    app = machine.app(options.first())
    if len(options.plain) < 2:
        raise CommandRefused(1, bang("Please specify an image"))
    with recorded_build(call, app, call.name):
        await build_from_image(call, app, options.plain[1])
    return 0


async def build_from_image(call: Call, app: App, image: str) -> None:
    """The image pulled, committed and deployed. Raises Refused for one that is nowhere, or that is deployed already."""
    machine = call.host.machine
    call.out("-----> Generating build context")
    if machine.old:
        call.out("       Setting Dockerfile")
    await call.pause(0.2)
    if machine.images.find(image) is not None or "/" not in image:
        call.out("-----> Image exists on host, skipping pull")
    else:
        call.out("-----> Pulling image")
        if trouble := struck(call, app, PULL):
            raise CommandRefused(1, PULL[trouble].format(name=image.rpartition(":")[0]))
        if pull(call, image) is None:
            why = f"Error response from daemon: {why_not_pulled(image)}"
            raise CommandRefused(1, why, *(() if machine.old else (bang(f"Failed to pull image: {image}"),)))
    files = {"Dockerfile": f"FROM {image}\n".encode()}
    await commit_and_deploy(call, app, files, f'["{image}"]', ("docker-image", image))


def why_not_pulled(image: str) -> str:
    """Docker's words for an image that neither the registry here nor Docker Hub gives."""
    if image.startswith(f"{ADDRESS}/"):
        return f"manifest for {image} not found: manifest unknown: manifest unknown"
    lookup = "dial tcp: lookup registry-1.docker.io on 10.255.255.53:53: no such host"
    return f'Get "https://registry-1.docker.io/v2/": {lookup}'


@command("git:from-archive")
async def from_archive(call: Call) -> int:
    """Only `--`, a tar on stdin; a URL is not reachable from here."""
    call.merged = True
    options = parse(call, values=("--archive-type",))
    app = call.host.machine.app(options.first())
    if options.plain[1:2] != ("--",):
        raise CommandRefused(1, bang("Invalid archive url specified"))
    kind = options.flags.get("--archive-type", "tar")
    with recorded_build(call, app, call.name):
        await build_from_archive(call, app, kind)
    return 0


async def build_from_archive(call: Call, app: App, kind: str) -> None:
    """The archive on stdin, committed and deployed; its type becomes the app's source, by Dokku's own code. A zip is
    not unpacked here. Raises Refused(2) for what is no tar, Refused(1) for the same again.
    """
    call.out(f"-----> Fetching {kind} file from stdin")
    data = bytearray()
    while chunk := await call.client.read(65_536):
        data += chunk
    call.out(str(len(data)))
    call.out("-----> Generating build context")
    call.out("       Striping 0 worth of directories from tarball")
    try:
        with tarfile.open(fileobj=io.BytesIO(bytes(data))) as tar:
            members = [(member.name, tar.extractfile(member)) for member in tar.getmembers()]
            files = {name.removeprefix("./"): file.read() for name, file in members if file is not None}
    except tarfile.TarError:
        torn = ("tar: This does not look like a tar archive", "tar: Exiting with failure status due to previous errors")
        raise CommandRefused(2, *torn, *torn) from None
    for text in unpacked(call):
        call.out(text)
    call.out("       Moving unarchived files and folders into place")
    if call.host.machine.old:
        place = f"{SCRATCH}-{call.host.machine.number()}-trigger-git-git-from-archive.4rK1xj/."
        call.say(tool(f"mv: cannot move '.' to '{place}': Device or resource busy"))
    await commit_and_deploy(call, app, files, None, (kind, "--"))


def unpacked(call: Call) -> Iterator[str]:
    """The note of 0.38.27 about an archive that it unpacks; 0.35.15 notes nothing."""
    if call.host.machine.old:
        return
    folder = f"{SCRATCH}-{call.host.machine.number()}-trigger-git-git-from-archive"
    for event in ("extraction_started", "extraction_completed"):
        yield (
            f"[archive-security] timestamp={clock.utc():%Y-%m-%dT%H:%M:%SZ} user=dokku event={event} archive_type=tar "
            f"source={folder}.yWNchL/src.tar details=dest={folder}.j56iLn"
        )


async def commit_and_deploy(
    call: Call, app: App, files: dict[str, bytes], alternate_tags: str | None, done: tuple[str, str]
) -> None:
    """Commit, branch, HEAD and source image come first, the lock after them: a refused or aborted call has changed the
    repository.
    """
    machine = call.host.machine
    call.out("-----> Updating git repository with specified build context")
    if done[0] == "docker-image":
        app.source_image = done[1]
    if deploy_branch(call, app) is None:
        app.properties["git-deploy-branch"] = "master"
        call.out("       Detected branch, setting deploy-branch to master")
    # Seen with a frozen app: Dokku clones HEAD, commits there, and lets the deploy branch follow.
    branch = app.repo.head_name().removeprefix("refs/heads/")
    tip = app.repo.head()
    if tip is not None and read_files(app.repo.store, tip) == files:
        raise CommandRefused(
            1,
            bang("No changes detected, skipping git commit"),
            bang("Call 'ps:rebuild' on app to rebuild the app from existing source"),
        )
    if tip is None and app.repo.refs():
        call.out("fatal: bad revision 'HEAD'")
    author = Signature(who=COMMITTER, at=int(machine.now()))
    parents = (tip,) if tip is not None else ()
    commit = app.repo.commit(files, message="Automated commit", author=author, parents=parents)
    new = not app.repo.refs()
    for name in (branch, branch_now(call, app)):
        app.repo.set_ref(f"refs/heads/{name}", commit)
    for name in ("HEAD", branch):
        app.repo.set_ref(f"refs/remotes/origin/{name}", tip or commit)
    if not new:
        moved = f"   {tip[:7]}..{commit[:7]}  {branch:<10} -> {branch}" if tip else NEW_BRANCH.format(branch)
        call.say(tool(f"From {SCRATCH}-{machine.number()}-trigger-git-git-from-directory.fsApAt"))
        call.say(tool(moved))
    if done[0] != "docker-image":
        app.source_image = ""
    try:
        with deploy_lock(call, app):
            call.marked = True
            await build_and_deploy(call, app, BuildSource(commit=commit, files=files, alternate_tags=alternate_tags))
            app.deploy_source, app.metadata = done
    except (CommandFailed, ClientGone) as end:
        # Recorded: at the end of a failed deploy the branch is written once more. Dokku puts the commit before it
        # there, not into HEAD's branch, and nothing where the build itself failed. So does one that dies with its
        # client, on 0.35.15; nobody recorded it on 0.38.27.
        if "built" in call.reached and (machine.old or isinstance(end, CommandFailed)):
            app.repo.set_ref(f"refs/heads/{branch_now(call, app)}", tip)
        raise


@command("git:status")
async def status(call: Call) -> int:
    """Raises Refused(128), always: the repositories are bare."""
    call.host.machine.app(parse(call).first())
    raise CommandRefused(128, "fatal: this operation must be run in a work tree")


@command("git:initialize", costs="write")
async def initialize(call: Call) -> int:
    """Says nothing: every app has its repository from the start."""
    call.host.machine.app(parse(call).first())
    return 0
