"""Known ways in which Dokku says no, from stderr or from the output of a push."""

import functools
import re
from enum import StrEnum

from tui.dokku import system_words
from tui.model.outcome import Answer
from tui.text.clean import clean, clean_line, decode


class Refusal(StrEnum):
    """Why the host declined; the value is a sentence for people."""

    NOT_A_COMMAND = "this Dokku does not have that command"
    NO_SUCH_APP = "the app does not exist"
    LOCKED = "another deploy of this app is running"
    NAME_TAKEN = "the name is already taken"
    NOT_PERMITTED = "the host's access rules do not let this key's user do that"
    NO_IMAGE = "the image is gone from the host, and cannot be pulled"
    RATE_LIMITED = "the registry answers no more for now: too many images were pulled"
    REGISTRY_DENIED = "the registry does not let the host read that image"
    CERTIFICATE = "the host does not trust a certificate on the way to what it has to fetch"
    NO_NAME = "the host cannot resolve names: its DNS does not answer, or does not know that name"
    REGISTRY_DOWN = "the registry does not answer the host"
    REMOTE_DENIED = "the host may not read that Git repository"
    NO_CHANGES = "Dokku sees no change and did nothing"
    WRONG_BRANCH = "the push went to a branch that is not deployed"
    SEALED = "the holder is sealed and cannot be rebuilt"
    DOCKER_DOWN = "Docker does not answer on the host"
    DOCKER_VERSIONS = "Docker on the host and what speaks to it there do not fit together"
    DISK_FULL = "the host's disk is full"
    DISK_QUOTA = "a quota of the host's disk is used up"
    DISK_READ_ONLY = "the host's disk is read-only"
    DISK_FAILS = "the host's disk or file system fails"
    WRONG_OWNER = "files of the app on the host belong to somebody else than dokku"
    WRONG_ARCHITECTURE = "the image is for another kind of processor than the host's"
    PORT_TAKEN = "a port that the app publishes on the host is taken"
    FIREWALL = "the host's firewall has lost Docker's rules: no container can be connected"
    NO_PROGRAM = "the image has not the program that its process starts, or may not run it"
    CONTAINER = "Docker cannot start the container on the host"
    REPOSITORY = "the app's Git repository on the host is damaged"
    NETWORK = "Docker has no network for the new container on the host"
    MOUNT = "a folder or volume that the app mounts is not there on the host"
    NAME_HELD = "a container that an interrupted deploy left behind has the new one's name"
    DOCKER_STORAGE = "Docker's own storage on the host is damaged"
    OUT_OF_MEMORY = "the host's memory ran out, or a process was killed"
    TASK_FAILED = "a release or deploy task failed; the old release serves"
    CHECK_FAILED = "the new container failed its health check; the old release serves"
    HELM_BUSY = "another Helm operation on the app is under way, or one died and nobody ended it: nothing was changed"
    PODS_FAILED = (
        "the new pods did not become ready in time; the old ones serve on and have lost their config: their next "
        "restart starts them without any variable, so deploy a good release at once"
    )
    PODS_BACK = "the new pods did not become ready in time; Helm went back to the old release, with its config"
    NO_CLUSTER = "the Dokku host cannot reach its Kubernetes cluster"
    PROXY_REFUSED = "nginx refuses its configuration, on the host or in the app"
    BUILD_FAILED = "the build failed; the old release serves"
    PLUGIN_FAILED = "a plugin of the host failed"
    INVALID_PROPERTY = "this Dokku does not know that property"
    NOT_DEPLOYED = "the app was never deployed"
    ROOT_ONLY = "only root may run that on the host"
    OLD_DOKKU = "this Dokku does not know that option"
    CRASHED = "Dokku itself crashed at that command"
    NO_DOKKU = "what answers this login on the host is not Dokku"
    LOGIN_CLOSED = "the account on the host takes no logins now"
    SUDO_REFUSED = "sudo on the host does not let this login run Dokku"
    NO_PROCESSES = "the host can start no more processes"
    REF_MOVED = "the branch moved while the host was at work; what was sent may serve nevertheless"


_SAID = r"^\s*!\s.*"
"""how Dokku begins a line of its own, so that an app's or a build's output is not taken for Dokku's word"""
_DAEMON = r"(?:Error response from daemon|driver failed programming|userland proxy|set up container networking).*"
"""how Docker 26.1 begins a line of its own"""
_NOT_STARTED = _DAEMON + "OCI runtime create failed: .*"
_BUILD_ENDS = (
    "(?:App build failed|Failure during app build|Build failed|Push rejected, failed to compile"
    r"|Unable to select a buildpack|Unable to detect|No matching buildpack|.*Dockerfile(?: \S+)? not found)"
)
"""how Dokku and its builders say that a build failed"""
# the order matters: a failed pull also says that the build failed, a build that failed also that the push was declined;
# what the app's own output may say as well (certificates, names) is looked for only where no check or task failed
_SIGNS = (
    (Refusal.NOT_A_COMMAND, _SAID + "is not a dokku command"),
    (
        Refusal.NO_DOKKU,
        r"^\S*sh: (?:line )?(?:\d+: )?(?:exec: )?\S*dokku: (?:command )?not found|dokku: No such file or directory$"
        r"|^fatal: Interactive git shell is not enabled|GitHub does not provide shell access"
        r"|^Welcome to GitLab, |^Please login as the user|^This service allows sftp connections only",
    ),
    (
        Refusal.LOGIN_CLOSED,
        r"^This account is currently not available|^System is (?:going down|booting up)\. Unprivileged users"
        r"|^WARNING: Your password has expired|^You are required to change your password"
        r"|^Password change required but no TTY|^Your account has expired",
    ),
    (
        Refusal.SUDO_REFUSED,
        r"^sudo: (?:a password is required|sorry, you must have a tty|a terminal is required|no tty present"
        r"|effective uid is not 0|.*must be owned by uid 0)| is not in the sudoers file"
        r"|^Sorry, user \S+ (?:is not allowed to execute|may not run sudo)",
    ),
    (
        Refusal.NO_PROCESSES,
        r"fork: (?:retry: )?Resource temporarily unavailable|^error: fork .*temporarily unavail"
        r"|fork/exec \S+: resource temporarily unavailable|failed to create new OS thread|^\S*sh: (?:\d+: )?Cannot fork"
        r"|^(?:fatal|\S*sh): .*[Tt]oo many open files",
    ),
    (Refusal.LOCKED, _SAID + "(?:currently has a deploy lock in place|is currently being deployed)"),
    (Refusal.NAME_TAKEN, _SAID + "Name is already taken"),
    (
        Refusal.NOT_PERMITTED,
        r"^\s*(?:!\s+)?(?:User|Key) .*(?:does not have permissions? to|is not (?:allowed|authorized|permitted) to)"
        "|" + _SAID + r"(?:Access denied|[Nn]ot authori[sz]ed|[Pp]ermission denied|Insufficient permissions)",
    ),
    (Refusal.REF_MOVED, "cannot lock ref 'refs/heads/|failed to update ref"),
    (Refusal.DISK_QUOTA, "[Dd]isk quota exceeded|EDQUOT|" + system_words.QUOTA),
    (
        Refusal.DISK_FULL,
        r"(?i:no space left on device)|ENOSPC|enough free space in /|Wrote only \d+ of \d+ bytes|"
        + system_words.NO_SPACE,
    ),
    (Refusal.DISK_READ_ONLY, "[Rr]ead-only file ?system|EROFS|" + system_words.READ_ONLY),
    (
        Refusal.DISK_FAILS,
        r"^(?:fatal|mv|cp|tar|cat|rm|mkdir|touch|ls|\S*sh): .*(?:Input/output error|Stale file handle|needs cleaning)"
        rf"|{_DAEMON}(?:input/output error|structure needs cleaning|stale (?:NFS )?file handle)",
    ),
    (
        Refusal.WRONG_OWNER,
        "insufficient permission for adding an object|unable to (?:create|write) .*Permission denied"
        "|detected dubious ownership in repository|unable to create temporary object directory",
    ),
    (
        Refusal.DOCKER_DOWN,
        r"Cannot connect to the Docker daemon|[Ii]s the docker daemon running|error during connect: "
        r"|(?:docker|containerd)\.sock: connect: (?:no such file|connection refused|permission denied)"
        r"|trying to connect to the [Dd]ocker (?:daemon socket|API)|^\S*sh: (?:line )?(?:\d+: )?docker: .*not found"
        r"|request returned .* for API route and version ",
    ),
    (
        Refusal.DOCKER_VERSIONS,
        r"client version \S+ is too (?:old|new)|[Mm]inimum supported API version|[Mm]aximum supported API version"
        r"|the buildx component is missing or broken",
    ),
    (
        Refusal.NO_IMAGE,
        r"resolve source metadata for docker\.io/dokku/|registry-1\.docker\.io/v2/dokku/"
        r"|pull access denied for [^\s/.:]+(?:/[^\s/]+)?,"
        r"|manifest unknown|not found: manifest|[Nn]o such (?:image|object): "
        r"|dokku/[^\s:]+(?::\S+)?: pull access denied"
        r"|failed to (?:solve|resolve reference)[: ].*\s\S+/\S+:\S+: not found$"
        r"|failed to solve: \S+[/:]\S+: not found$|unknown: repository \S+ not found|^(?:.*: )?name unknown: |"
        + _SAID
        + r"App image \(dokku/",
    ),
    (
        Refusal.WRONG_ARCHITECTURE,
        r"exec format error|no matching manifest for \S+ in the manifest list"
        r"|no match for platform in manifest|image operating system \S+ cannot be used",
    ),
    (Refusal.PORT_TAKEN, "port is already allocated|" + _DAEMON + "address already in use"),
    (
        Refusal.NETWORK,
        _DAEMON
        + r"(?:non-overlapping IPv4 address pool|address pools have been fully subnetted|network \S+ not found)",
    ),
    (Refusal.FIREWALL, r"iptables failed: .*No chain/target/match by that name"),
    (
        Refusal.MOUNT,
        _DAEMON
        + r"(?:invalid mount config|bind source path does not exist|error mounting|failed to mount local volume)",
    ),
    (Refusal.NAME_HELD, _DAEMON + r"The container name \S+ is already in use"),
    (
        Refusal.DOCKER_STORAGE,
        _DAEMON + r"open /var/lib/docker/\S+: no such file|layer does not exist|error creating overlay mount"
        r"|failed to register layer: (?!.*space left)|(?:containerd|overlay|layerdb).*input/output error"
        r"|unable to fulfill request: .*layer",
    ),
    (
        Refusal.REPOSITORY,
        r"object file \S+ is empty|^fatal: (?:loose object \S+ .*is corrupt|bad object |packed object .* is corrupt)"
        r"|unresolved deltas left after unpacking|index-pack abnormal exit|^error: inflate: data stream error",
    ),
    (
        Refusal.OUT_OF_MEMORY,
        r"did not complete successfully: exit code: 137|returned a non-zero code: 137|exit status 137"
        r"|executor failed running .*exit code: 137|(?:[Cc]annot|to) allocate memory|heap out of memory"
        r"|fatal error: runtime: out of memory|errno 137|^\s*Killed\s*$"
        r"|process exited too early\. This probably means the system ran out of memory"
        r"|signal: killed|fatal error: Killed|ResourceExhausted.*memory|: line \d+:\s+\d+ Killed ",
    ),
    (Refusal.NO_PROGRAM, _NOT_STARTED + r'exec: "[^"]*": (?:executable file not found|permission denied|stat )'),
    (
        Refusal.CONTAINER,
        _NOT_STARTED + rf"|{_DAEMON}(?:unknown log driver|could not select device driver|failed to create shim task"
        "|error gathering device information|cgroup mountpoint does not exist)",
    ),
    (Refusal.NO_CHANGES, _SAID + "No changes detected"),
    (Refusal.WRONG_BRANCH, "WARNING: deploy did not complete, you must push to"),
    (Refusal.SEALED, "Cannot build from '[^']*' as there are no commits stored at that branch"),
    (Refusal.HELM_BUSY, _SAID + r"another operation \(install/upgrade/rollback\) is in progress"),
    (Refusal.NO_CLUSTER, _SAID + "(?:kubernetes api not available|Error creating kubernetes namespace)"),
    (Refusal.PODS_BACK, _SAID + "Error deploying: .*has been rolled back due to atomic"),
    (Refusal.PODS_FAILED, _SAID + "Error deploying: .*context deadline"),
    (Refusal.TASK_FAILED, _SAID + "task failed"),
    (
        Refusal.CHECK_FAILED,
        r"healthcheck failed|Failure in name=|failed checks \(|^\S*/bin/scheduler-deploy-process-container \S",
    ),
    (Refusal.RATE_LIMITED, r"(?i:toomanyrequests|pull rate limit|\b429 Too Many Requests)"),
    (Refusal.CERTIFICATE, r"x509: |tls: failed to verify|SSL certificate problem|server certificate verif"),
    (
        Refusal.REGISTRY_DENIED,
        r"pull access denied|unauthorized: |denied: requested access|denied: access forbidden"
        r"|no basic auth credentials|insufficient_scope|authorization failed"
        r"|authorization token has expired"
        r"|: (?:401 Unauthorized|403 Forbidden)|denied: (?:Permission|installation not allowed)"
        r"|error getting credentials - err:|error parsing HTTP 40[13] response|" + _DAEMON + r": denied(?:$|: )",
    ),
    (
        Refusal.NO_NAME,
        r"dial tcp: lookup \S+|Could not resolve host|[Tt]emporary failure (?:in name resolution|resolving)"
        r"|EAI_AGAIN|Name or service not known",
    ),
    (
        Refusal.REMOTE_DENIED,
        r"Permission denied \(publickey|could not read Username for|Could not read from remote repository"
        r"|Host key verification failed|fatal: Authentication failed for|remote: Repository not found"
        r"|The requested URL returned error: 40[13]",
    ),
    (
        Refusal.REGISTRY_DOWN,
        r"TLS handshake timeout|dial tcp(?: \S+)?: (?:i/o timeout|connect: )|Client\.Timeout exceeded"
        r"|net/http: request canceled|unexpected status(?: code)? .*: 5\d\d|unexpected HTTP status: 5\d\d"
        r"|server gave HTTP response to HTTPS client|received unexpected HTTP status|download failed after attempts"
        r"|" + _DAEMON + r"https?://.*(?:EOF$|context deadline exceeded|connection reset by peer)"
        r"|" + _SAID + "Unable to push image",
    ),
    (Refusal.NO_IMAGE, "failed to resolve source metadata|Failed to pull image"),
    (Refusal.PROXY_REFUSED, r"nginx: \[emerg\]|nginx: configuration file \S+ test failed"),
    (Refusal.BUILD_FAILED, _SAID + _BUILD_ENDS),
    (Refusal.INVALID_PROPERTY, _SAID + "Invalid property specified"),
    (Refusal.NOT_DEPLOYED, _SAID + r"App \S+ has not been deployed"),
    (Refusal.NO_SUCH_APP, _SAID + r"App \S+ does not exist"),
    (Refusal.ROOT_ONLY, _SAID + "This command must be run as root"),
    (Refusal.OLD_DOKKU, "^unknown flag: --|" + _SAID + "Invalid flag passed"),
    (Refusal.CRASHED, "^panic: "),
    (Refusal.PLUGIN_FAILED, r"/var/lib/dokku/plugins/(?:enabled|available)/[\w-]+/\S+: line \d+: "),
)
_AFTER_THE_BUILD = (Refusal.CHECK_FAILED, Refusal.TASK_FAILED, Refusal.PODS_FAILED, Refusal.PODS_BACK,
    Refusal.HELM_BUSY, Refusal.NO_CLUSTER)  # fmt: skip
_MAY_BE_AFTER = (
    Refusal.WRONG_ARCHITECTURE, Refusal.PORT_TAKEN, Refusal.OUT_OF_MEMORY, Refusal.NETWORK, Refusal.MOUNT,
    Refusal.NAME_HELD, Refusal.FIREWALL, Refusal.NO_PROGRAM, Refusal.CONTAINER,
)  # fmt: skip
"""causes that end a build or the start of what was built"""


_NO_SUCH_APP = 20


@functools.cache
def _signs() -> tuple[tuple[Refusal, re.Pattern[str]], ...]:
    """Made when the first answer is read: they take 7 ms."""
    return tuple((refusal, re.compile(pattern, re.MULTILINE)) for refusal, pattern in _SIGNS)


def leaves_its_image(said: Answer | bytes) -> bool:
    """True if it failed after the build: `dokku/APP:latest` is the failed image from then on, though the old container
    serves."""
    if isinstance(said, Answer) and said.ok:
        return False
    text = _text(said)
    signs = {refusal for refusal, sign in _signs() if sign.search(text)}
    if signs & set(_AFTER_THE_BUILD):
        return True
    return bool(signs & set(_MAY_BE_AFTER)) and not signs & {Refusal.BUILD_FAILED, Refusal.NO_IMAGE}


def is_missing(answer: Answer) -> bool:
    """True if the host says that the app does not exist: exit 20 and its words (recorded on both versions). What fails
    otherwise may end with that code, and leaves the app there."""
    if answer.code != _NO_SUCH_APP:
        return False
    text = _text(answer)
    return any(sign.search(text) for refusal, sign in _signs() if refusal is Refusal.NO_SUCH_APP)


def read(said: Answer | bytes) -> Refusal | None:
    """The refusal in an answer, or in the output of a push; None where none is known."""
    if isinstance(said, Answer) and said.ok:
        return None
    text = _text(said)
    return next((refusal for refusal, sign in _signs() if sign.search(text)), None)


def _text(said: Answer | bytes) -> str:
    """The end of what was said: a refusal ends an output, and an output may be long."""
    if isinstance(said, Answer):
        said = said.stderr[-_LOOKED_AT:] + b"\n" + said.stdout[-_LOOKED_AT:]
    return _RETRIED.sub("", clean(decode(said[-2 * _LOOKED_AT :])))


def said(answer: Answer, limit: int = 300) -> str:
    """The host's own words in one line, without those that its shell or Perl says of the language before each."""
    for raw in (answer.stderr, answer.stdout):
        if one := clean_line("\n".join(words(raw)), limit):
            return one
    return ""


def words(raw: bytes) -> list[str]:
    """The lines of one stream, harmless, without those that the host's shell or Perl says of the language."""
    lines = decode(raw).split("\n")
    return [clean(line) for line in lines if line.strip() and not _OF_THE_SHELL.search(line)]


_OF_THE_SHELL = re.compile(
    r"^\S*sh: (?:line \d+: )?warning: |^perl: warning: |^\t(?:LANGUAGE|LANG|LC_\w+) = "
    r"|^ +are supported and installed on your system|^stdin: is not a tty|^mesg: |^tput: No value for \$TERM"
)
_RETRIED = re.compile(r"(?m)^.*\b(?:WARN|ERROR) RESTY .*$")
"""a health check's single tries: the app refuses them, no registry does (recorded on 0.35.15)"""
_LOOKED_AT = 100_000
"""bytes of each stream"""


def explain(refusal: Refusal) -> str:
    """A sentence for people."""
    return refusal.value


_FIXES = {
    Refusal.NOT_A_COMMAND: "choose a way back that this host has",
    Refusal.NO_SUCH_APP: "compare the app's name in services.yaml with `apps:list`",
    Refusal.LOCKED: "wait for its end (`apps:locked APP`), then try again; if nothing deploys: `apps:unlock APP`",
    Refusal.NAME_TAKEN: "somebody was faster: look at who has the incident",
    Refusal.NO_IMAGE: "choose another release: this one cannot be started any more",
    Refusal.NO_CHANGES: "look at what runs; where it is another release, choose another way (--list)",
    Refusal.WRONG_BRANCH: "push to the branch that the host names, or unfreeze",
    Refusal.SEALED: "this is meant: a holder retains an image and is never built",
    Refusal.TASK_FAILED: "look at its output; without --run-tasks it does not run",
    Refusal.CHECK_FAILED: "look at the output of the push: the container's log is gone with it",
    Refusal.HELM_BUSY: "wait a few minutes and try again; where it stays so, an admin of the cluster has to end it",
    Refusal.PODS_FAILED: "deploy a good release at once; scheduler-k3s:set APP rollback-on-failure true prevents it",
    Refusal.PODS_BACK: "look at the output of the push",
    Refusal.NO_CLUSTER: "is the cluster up? Nothing of the app can be seen or changed until then",
    Refusal.BUILD_FAILED: "look at the output of the push",
    Refusal.NOT_PERMITTED: "use a key whose user may, or have root allow it (with the acl plugin: `acl:add APP USER`)",
    Refusal.RATE_LIMITED: "wait, or log the host in: `registry:login`; kept releases need no registry",
    Refusal.REGISTRY_DENIED: "log the host in: `registry:login SERVER USER`; kept releases need no registry",
    Refusal.CERTIFICATE: "root puts the authority's certificate on the host, or the clock right; then try again",
    Refusal.NO_NAME: "have root look at the host's DNS (/etc/resolv.conf); kept releases need no registry",
    Refusal.REGISTRY_DOWN: "try again when it answers; kept releases need no registry",
    Refusal.REMOTE_DENIED: "`git:auth`, or `git:generate-deploy-key` and the key into the repository; or push yourself",
    Refusal.DOCKER_DOWN: "have root look: `systemctl status docker`; until then nothing can be deployed",
    Refusal.DOCKER_VERSIONS: "have root bring Dokku, its builder and Docker's client up to Docker's engine",
    Refusal.DISK_QUOTA: "have root raise the quota or make room (`docker system df`), keeping the holders' images",
    Refusal.DISK_READ_ONLY: "have root look at the disk first (`dmesg`): nothing can be deployed until it is writable",
    Refusal.DISK_FAILS: "have root look at the disk first (`dmesg`, `smartctl -a`): what is on it may be lost soon",
    Refusal.WRONG_OWNER: "as root: `chown -R dokku:dokku /home/dokku/APP`, then try again",
    Refusal.WRONG_ARCHITECTURE: "deploy an image that was built for the host; a kept release was",
    Refusal.PORT_TAKEN: "look who has it: `ports:report`, `docker-options:report`; an old container may still stop",
    Refusal.NETWORK: "look at `network:report APP`; have root free address pools: `docker network prune`",
    Refusal.FIREWALL: "have root restart Docker (`systemctl restart docker`): something reloaded the firewall",
    Refusal.NO_PROGRAM: "look at the Procfile and the start command: a kept release goes back with its own",
    Refusal.CONTAINER: "look at the output; have root see whether any container starts (`docker run hello-world`)",
    Refusal.REPOSITORY: "have root look: `git -C /home/dokku/APP fsck`; nothing can be pushed until it is whole",
    Refusal.MOUNT: "look at `storage:list APP` and have root put the folder back: the app's data may be missing",
    Refusal.NAME_HELD: "try again; where it stays so, have root remove that container: `docker rm -f NAME`",
    Refusal.DOCKER_STORAGE: "have root look at Docker and its disk (`journalctl -u docker`, `dmesg`) first",
    Refusal.PROXY_REFUSED: "have root run `nginx -t`; where it is the app's own nginx, look at the output of the push",
    Refusal.OUT_OF_MEMORY: "make room in memory (`ps:stop` what nobody needs); a kept release builds next to nothing",
    Refusal.PLUGIN_FAILED: "look at the line that names the plugin; `plugin:list`, and root for what it lacks",
    Refusal.DISK_FULL: "make room on the host (`docker system df`), keeping the holders' images",
    Refusal.INVALID_PROPERTY: "the host's version has another way of setting this",
    Refusal.NOT_DEPLOYED: "deploy it first",
    Refusal.ROOT_ONLY: "ask whoever has root on the host",
    Refusal.OLD_DOKKU: "update Dokku on the host: 0.35.15 and 0.38.27 are those that were tried",
    Refusal.CRASHED: "try it by hand as dokku@HOST; on k3s: is the cluster up? A plugin may be older than Dokku, too",
    Refusal.NO_DOKKU: "is it dokku@HOST, with a key that `ssh-keys:add` has put on file there?",
    Refusal.LOGIN_CLOSED: "have root look at the account dokku (`chage -l dokku`); is the host just starting?",
    Refusal.SUDO_REFUSED: "have root put back /etc/sudoers.d/dokku, or log in as dokku itself",
    Refusal.NO_PROCESSES: "have root look at memory and at the limit of processes (`ulimit -u`, `systemctl status`)",
    Refusal.REF_MOVED: "look at what runs before anything else",
}


def fix(refusal: Refusal) -> str:
    """The fix: what to do now."""
    return _FIXES[refusal]


def told(refusal: Refusal) -> str:
    """The refusal and its fix, in one line."""
    return f"{explain(refusal)} ({fix(refusal)})"
