"""`rollback --version` and `rollback help [TOPIC]`: what the program says of itself."""

import platform
from importlib import metadata, resources
from importlib.resources.abc import Traversable

from tui.cli import command_parsers, output
from tui.cli.exits import Exit
from tui.cli.options import CommandOptions
from tui.model.command_words import COMMANDS
from tui.model.errors import ConfigError
from tui.text.nearest import nearest

DISTRIBUTION = "dokku-rollback"


def version(wanted: CommandOptions) -> Exit:
    """The versions of this program and of Python, and the Dokku versions it was tried on."""
    from tui.engine.check import TESTED

    try:
        own = metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:  # it runs from a folder that was never installed
        own = "unknown"
    if wanted.json:
        found = {"version": own, "python": platform.python_version(), "dokku_tested": list(TESTED)}
        output.write({"schema": output.SCHEMA, "kind": "version", **found})
    else:
        output.text(f"rollback {own}, Python {platform.python_version()}, tried on Dokku {', '.join(TESTED)}")
    return Exit.DONE


def topics(wanted: CommandOptions) -> Exit:
    """One page, a command's help, or the list of pages. Raises ConfigError for a topic that nobody wrote about."""
    written = pages()
    if wanted.topic is None:
        _list(written, json=wanted.json)
    elif wanted.topic in written:
        text = written[wanted.topic].read_text(encoding="utf-8")
        if wanted.json:
            output.write({"schema": output.SCHEMA, "kind": "help", "topic": wanted.topic, "text": text})
        else:
            for line in text.splitlines():
                output.text(line)
            if wanted.topic in COMMANDS:
                output.text()
                output.text(f"The options: rollback {wanted.topic} --help")
    elif wanted.topic in COMMANDS:
        text = command_parsers.tables()[wanted.topic].format_help()
        for line in text.splitlines():
            output.text(line)
    else:
        near = nearest(wanted.topic, (*written, *COMMANDS))
        meant = f"did you mean `rollback help {near}`? " if near else ""
        raise ConfigError(f"there is no topic {wanted.topic!r}", f"{meant}topics: {', '.join(written)}; or a command")
    return Exit.DONE


def pages() -> dict[str, Traversable]:
    """The pages of help by their topics."""
    found = (one for one in (resources.files("tui") / "help").iterdir() if one.name.endswith(".md"))
    return {one.name.removesuffix(".md"): one for one in sorted(found, key=lambda one: one.name)}


def _list(pages: dict[str, Traversable], *, json: bool) -> None:
    titles = {name: page.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ") for name, page in pages.items()}
    if json:
        output.write(output.listing("help", [{"topic": name, "title": title} for name, title in titles.items()]))
        return
    for name, title in titles.items():
        output.text(f"{name:<12}{title}")
    output.text()
    output.text("rollback help TOPIC shows one; rollback help COMMAND, or rollback COMMAND --help, a command's options")
