"""Every Dokku command the sandbox knows, one plugin a file; importing this package registers them all."""

from tui.sandbox import git_server, gitread
from tui.sandbox.commands import (
    apps,
    builds,
    builtin_commands,
    config,
    git,
    logs,
    looks,
    nginx,
    plugins,
    pods,
    properties,
    ps,
    reports,
)

__all__ = [
    "apps",
    "builds",
    "builtin_commands",
    "config",
    "git",
    "git_server",
    "gitread",
    "logs",
    "looks",
    "nginx",
    "plugins",
    "pods",
    "properties",
    "ps",
    "reports",
]
