"""The commands and environment of an image: Docker's config of an image, as far as Dokku's builders differ.

Recorded on 0.35.15 and 0.38.27 (2026-11-28). The `frame` is the builder that made the image a container starts from;
an image built `FROM` it by a Dockerfile has the same frame under another label:

- herokuish: `/start TYPE`, by the Procfile inside the image. Config of the build lies in `/tmp/env/KEY`, that of the
  release in `/app/.profile.d/*.sh`; both are read by every process, after the container's own environment.
- pack: with a Procfile in the commit `launcher COMMAND`; without one `/cnb/process/web`, for any type.
- nixpacks, railpack: the image has no command; without a Procfile in the commit the process ends at once.
- dockerfile, and images from elsewhere: the Procfile's command, or the image's own, which is that of web.
"""

import hashlib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

WORK_FOLDERS = {"herokuish": "/app", "pack": "/workspace", "nixpacks": "/app", "railpack": "/app"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConfig:
    """`processes` are the types that a herokuish image can start; `env` is the image's own; `files` hold those that
    Dokku or a process reads, by absolute path.
    """

    frame: str = "dockerfile"
    workdir: str = "/app"
    processes: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    platform: str = "linux/amd64"

    def recipe(self) -> list[object]:
        """All that makes it another image, for its id."""
        digest = hashlib.sha256()
        for path, data in sorted(self.files.items()):
            digest.update(path.encode() + b"\0" + data + b"\0")
        return [self.frame, self.workdir, *self.processes, sorted(self.env.items()), digest.hexdigest(), self.platform]

    def source_files(self) -> dict[str, bytes]:
        """The files that lie in its folder of work, by their path below it: what Dokku takes from a source image."""
        start = f"{self.workdir.rstrip('/')}/"
        return {path.removeprefix(start): data for path, data in self.files.items() if path.startswith(start)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The start of a container of one process type; `runs` is the type whose code runs, "" if it ends at once."""

    path: str
    args: tuple[str, ...] = ()
    runs: str = ""
    complaint: str = ""
    """what the process says as it ends at once"""
    script: tuple[str, ...] | None = None
    """what a script of the shell echoes before it waits; None: the release's own code runs"""


def start_of(config: ImageConfig, process: str, procfile: Mapping[str, str]) -> Start:
    """The command that Docker starts for a process type, given the Procfile of the commit that is deployed."""
    command = procfile.get(process, "")
    words = words_of(command)
    match config.frame:
        case "herokuish":
            runs = process if process in config.processes else ""
            return Start(path="/start", args=(process,), runs=runs, complaint=f"Proctype {process} not found")
        case "pack" if words:
            return Start(path="launcher", args=words, runs=process)
        case "pack":
            return Start(path="/cnb/process/web", runs="web")
        case "nixpacks":
            nothing = "bash: line 1: : command not found"
            return Start(
                path="/usr/local/bin/entrypoint", args=(command,), runs=process if words else "", complaint=nothing
            )
        case "railpack" if not words:
            return Start(path="", complaint="docker: Error response from daemon: No command specified.")
        case _ if (script := script_of(words)) is not None and script not in config.files:
            return Start(path=words[0], args=words[1:], complaint=f"sh: 0: cannot open {script}: No such file")
        case _ if script is not None:
            text = config.files[script].decode("utf-8", "replace")
            said = tuple(line.partition(" ")[2] for line in text.splitlines() if line.startswith("echo "))
            return Start(path=words[0], args=words[1:], runs=process, script=said)
        case _ if words:
            return Start(path=words[0], args=words[1:], runs=process)
        case _:
            return Start(path="/app/server", runs="web")


def script_of(words: tuple[str, ...]) -> str | None:
    """The script that a command line has the shell run, by its absolute path; None where it is another command."""
    if "sh" not in words[:-1]:
        return None
    path = words[words.index("sh") + 1]
    return path if path.startswith("/") else None


def words_of(command: str) -> tuple[str, ...]:
    """A command line as a shell splits it; at blanks where its quotes do not match."""
    try:
        return tuple(shlex.split(command))
    except ValueError:
        return tuple(command.split())
