"""A line of deploy output before it has a stream: who says it decides where it comes out on which version.

Recorded: on 0.35.15 Dokku's own lines of a build go to stdout behind the bytes `ESC[1G`, complaints and tools'
output to stderr without; 0.38.27 sends everything to stdout as it is. A git push carries all of it on band 2.
"""

from dataclasses import dataclass

RED_BANG = "\x1b[1m\x1b[31m !     \x1b[0m\x1b[0m"


@dataclass(frozen=True, slots=True)
class OutputLine:
    """One line of output, or several with line ends between them."""

    kind: str  # "step": Dokku's own; "tool": from another program, or a complaint
    text: str


def step(text: str) -> OutputLine:
    """A line of Dokku's own, as it is."""
    return OutputLine("step", text)


def arrow(text: str) -> OutputLine:
    """A line of Dokku's about a step it takes."""
    return OutputLine("step", f"-----> {text}")


def thick(text: str) -> OutputLine:
    """A heading of Dokku's."""
    return OutputLine("step", f"=====> {text}")


def detail(text: str) -> OutputLine:
    """A line of Dokku's below a step or heading."""
    return OutputLine("step", f"       {text}")


def tool(text: str) -> OutputLine:
    """A line from another program."""
    return OutputLine("tool", text)


def complaint(text: str) -> OutputLine:
    """A complaint of Dokku's."""
    return OutputLine("tool", f" !     {text}")


class CommandFailed(Exception):
    """A deploy came to a bad end after saying why; `code` is the exit code."""

    def __init__(self, code: int = 1) -> None:
        super().__init__(f"exit {code}")
        self.code = code
