"""Every Dokku command the sandbox knows, one plugin a file; importing this package registers them all."""

from tui.sandbox import git_server, gitread
from tui.sandbox.commands import (
    apps,
    buildpacks,
    builds,
    builtin_commands,
    config,
    docker_options,
    domains,
    git,
    logs,
    nginx,
    plugins,
    properties,
    ps,
    reports,
    run,
)

__all__ = [
    "apps",
    "buildpacks",
    "builds",
    "builtin_commands",
    "config",
    "docker_options",
    "domains",
    "git",
    "git_server",
    "gitread",
    "logs",
    "nginx",
    "plugins",
    "properties",
    "ps",
    "reports",
    "run",
]
