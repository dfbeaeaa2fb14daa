"""The facts seen of a host and its apps, before anything is proposed."""

from enum import StrEnum

from tui.model.value import Value


class PortMapping(Value):
    """One port of the host that leads to an app."""

    scheme: str
    """http or https"""
    port: int


class WebAnswer(Value):
    """One answer to a GET, or why there was none."""

    url: str
    host_header: str | None = None
    status: int | None = None
    kind: str = ""
    """its content type, in small letters"""
    body: bytes = b""
    """its beginning"""
    why: str = ""
    """why there was no answer"""


class Whose(StrEnum):
    """The proof of whose site answered."""

    SITE = "site"
    """a made-up host name gets another answer"""
    LOG = "log"
    """the request is in the app's own access log"""
    UNKNOWN = "unknown"
    """a made-up host name gets the same answer, and no log tells"""


class HealthFound(Value):
    """An address that answers for an app, and what it said."""

    page: WebAnswer
    again: WebAnswer | None = None
    """the second answer: what differs says nothing about health"""
    own_check: bool = False
    """its path is one that the app's own checks name"""
    whose: Whose = Whose.UNKNOWN


class AppFacts(Value):
    """One deployed app. What could not be read is empty or None, and named in `unread`."""

    app: str
    running: str | None = None
    """Dokku's word: true, false or mixed"""
    processes: tuple[tuple[str, int], ...] = ()
    """process types and how many containers each has"""
    domains: tuple[str, ...] = ()
    ports: tuple[PortMapping, ...] = ()
    mounts: tuple[str, ...] = ()
    """as Dokku has them: HOST:CONTAINER[:OPTIONS]"""
    checks_disabled: str | None = None
    """process types that a deploy stops before it starts them anew: `none`, `_all_`, or names"""
    builder: str | None = None
    scheduler: str | None = None
    branch: str | None = None
    check_paths: tuple[str, ...] = ()
    """paths that the app's own checks ask"""
    health: HealthFound | None = None
    passed_over: tuple[tuple[str, str], ...] = ()
    """addresses that are not proposed, each with the reason"""
    unread: tuple[tuple[str, str], ...] = ()
    """what could not be read, each with the reason"""

    @property
    def web(self) -> bool:
        """True if it has a web process, as far as is known."""
        return not self.processes or any(kind == "web" and count for kind, count in self.processes)


class HostFacts(Value):
    """One host and the apps on it."""

    ssh: str
    """the destination as the person wrote it"""
    identity_file: str | None = None
    known_hosts: str | None = None
    apps: tuple[AppFacts, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    """apps that get no service, each with the reason"""
    kept: int = 0
    """apps that hold kept releases or incident records, and are no services"""
