"""The facts known of a host: its link and its abilities."""

from datetime import datetime
from enum import StrEnum

from tui.model.value import Value


class Form(StrEnum):
    """The form in which this login takes commands."""

    FORCED = "forced"
    """Dokku's own keys: the command is Dokku's argument list"""
    SHELL = "shell"
    """an unrestricted login: the command starts with `dokku`"""


class Capabilities(Value):
    """The abilities of one host, found out by asking it."""

    version: str | None
    """e.g. `0.35.15`"""
    form: Form = Form.FORCED
    builds: bool = False
    """`builds:*` exists (0.38)"""
    list_json: bool = False
    """`apps:list --format json` works (0.38)"""
    skip_deploy: str = "config"
    """how an app is kept from ever being deployed: `config` (0.35) or `property` (0.38)"""
    skip_cleanup: str = "config"
    """how its image is kept from clean-up: `config` (0.35) or `property` (0.38)"""
    runbook: tuple[str, ...] = ()
    """which of the runbook's commands exist here: `ps:rollback`, `tags`, `tags:deploy`; empty as well where that was
    not asked"""
    plugins: tuple[str, ...] = ()
    asked_at: datetime | None = None


class LinkState(StrEnum):
    """The state of the connection to a host."""

    IDLE = "idle"
    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"
    REFUSED = "refused"


class Link(Value):
    """The connection as people see it."""

    state: LinkState
    since: datetime
    detail: str = ""
    heard: datetime | None = None
    """when the host last answered anything"""
    held_open: bool = False
    """something on the host holds the output of commands open that have ended"""
