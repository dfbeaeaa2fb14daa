"""Every Dokku command the sandbox knows, one plugin a file; importing this package registers them all."""

from tui.sandbox import gitread, gitside
from tui.sandbox.commands import apps, builds, config, domestic, git, logs, nginx, plugins, properties, ps, reports

__all__ = [
    "apps",
    "builds",
    "config",
    "domestic",
    "git",
    "gitread",
    "gitside",
    "logs",
    "nginx",
    "plugins",
    "properties",
    "ps",
    "reports",
]
