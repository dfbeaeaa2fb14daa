"""The plain lines that a colleague without this tool can paste into a shell."""

import shlex

from tui.dokku import builders, commands
from tui.dokku.quoting import exec_string
from tui.model.destination import Destination, parse
from tui.model.host import Form
from tui.model.observation import FETCHED
from tui.model.service import Host


def destination(host: Host) -> tuple[tuple[str, ...], Destination]:
    """The ssh options and the destination of a host."""
    options: list[str] = []
    where = parse(host.ssh)
    if where.port is not None:
        options += ["-p", str(where.port)]
    if host.identity_file:
        options += ["-i", host.identity_file]
    if host.known_hosts:
        options += ["-o", f"UserKnownHostsFile={host.known_hosts}"]
    return tuple(options), where


def ssh_line(host: Host, argv: tuple[str, ...]) -> str:
    """`ssh … dokku@host -- command`; the `--` keeps ssh from taking the command's options for its own. A word that
    cannot be sent unchanged, such as a branch with quotes in its name, is shown as it is."""
    options, where = destination(host)
    try:
        command = exec_string(argv, host.form)
    except ValueError:
        command = " ".join(argv)
    return f"{shlex.join(('ssh', *options, where.bare, '--'))} {shlex.quote(command)}"


def git_push(host: Host, app: str, branch: str) -> str:
    """An ordinary deploy of what is checked out, by a Git client."""
    options, where = destination(host)
    through = ("--receive-pack=dokku git-receive-pack",) if host.form is Form.SHELL else ()
    push = shlex.join(("git", "push", *through, f"{where.bracketed}:{app}", f"HEAD:{branch}"))
    return f"GIT_SSH_COMMAND={shlex.quote(shlex.join(('ssh', *options)))} {push}" if options else push


def next_deploy(host: Host, app: str, branch: str, source: str | None) -> str:
    """An ordinary deploy in the manner in which the team deploys: by a push, a fetch, an image or an archive."""
    if source == FETCHED:
        return f"{ssh_line(host, commands.git_sync(app, 'REPOSITORY', branch))}, with the team's repository"
    if source is None or not builders.from_image_or_archive(source):
        return git_push(host, app, branch)
    image = source == builders.IMAGE
    argv = commands.git_from_image(app, "IMAGE:TAG") if image else ("git:from-archive", app, "--")
    words = "another image than the last" if image else "another archive than the last, on stdin"
    return f"{ssh_line(host, argv)}, with {words}: the same one deploys nothing"


def push_lines(host: Host, app: str, branch: str, files: tuple[tuple[str, str], ...], parent: str | None) -> str:
    """The same push by a Git client: a new folder, our files, one commit."""
    options, where = destination(host)
    ssh = shlex.join(("ssh", *options))
    lines = ["d=$(mktemp -d) && cd $d && git init -q"]
    for path, content in files:
        if "/" in path:
            lines.append(f"mkdir -p {shlex.quote(path.rpartition('/')[0])}")
        lines.append(f"printf %s {shlex.quote(content)} > {shlex.quote(path)}")
    lines.append("git add -A -f && git commit -qm 'go back'")
    lease = f"--force-with-lease=refs/heads/{branch}:{parent or ''}"
    # a shell runs Git's own program, which is not Dokku's
    through = ("--receive-pack=dokku git-receive-pack",) if host.form is Form.SHELL else ()
    push = shlex.join(("git", "push", *through, lease, f"{where.bracketed}:{app}", f"HEAD:refs/heads/{branch}"))
    lines.append(f"GIT_SSH_COMMAND={shlex.quote(ssh)} {push}")
    return "\n".join(lines)
