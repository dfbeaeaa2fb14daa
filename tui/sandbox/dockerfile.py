"""A Dockerfile as text, and what its instructions do to an image: its labels, its environment, the files in it.

Known are FROM, LABEL, ENV, WORKDIR, COPY and ADD of files in the source, and `RUN rm`; other commands make a layer and
change nothing that a release depends on. That is enough for the cure of a herokuish image to be followed word for word.
"""

import fnmatch
import posixpath
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from tui.sandbox.image_config import ImageConfig


class CopyMissing(Exception):
    """A COPY of something that is not in the source; `str()` is its path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dockerfile:
    """The parts of a Dockerfile that decide a build. `base_line` counts from 1; `base`, `steps` and `env` are those of
    the last stage.
    """

    text: str
    base: str
    base_line: int
    labels: dict[str, str]
    env: dict[str, str]
    steps: tuple[str, ...]  # instructions that make a layer, without FROM
    stages: tuple[str, ...]

    @property
    def copies(self) -> bool:
        """True if an instruction needs files of the source, so that BuildKit loads a build context."""
        return any(step.startswith(("COPY", "ADD")) for step in self.steps)


def parse_dockerfile(text: str) -> Dockerfile:
    """Reads a Dockerfile. Without a FROM the base is `scratch`; instructions that are not known are passed over."""
    base, base_line = "scratch", 1
    labels: dict[str, str] = {}
    env: dict[str, str] = {}
    steps: list[str] = []
    stages: list[str] = []
    for number, line in instructions(text):
        word, _, rest = line.partition(" ")
        match word.upper():
            case "FROM":
                base, base_line = rest.split()[0], number
                stages += rest.split()[2:3]
                steps.clear()
                env.clear()
            case "LABEL":
                labels |= pairs(rest)
            case "ENV":
                env |= pairs(rest)
            case "RUN" | "COPY" | "ADD" | "WORKDIR":
                steps.append(line)
    return Dockerfile(
        text=text, base=base, base_line=base_line, labels=labels, env=env, steps=tuple(steps), stages=tuple(stages)
    )


def instructions(text: str) -> list[tuple[int, str]]:
    """The instructions with the numbers of their first lines, continued lines joined."""
    found: list[tuple[int, str]] = []
    begun = ""
    started = 1
    for number, line in enumerate(text.split("\n"), 1):
        started = started if begun else number
        if line.rstrip().endswith("\\"):
            begun += line.rstrip()[:-1]
            continue
        found.append((started, f"{begun}{line}".strip()))
        begun = ""
    return found


def pairs(text: str) -> dict[str, str]:
    """`KEY=VALUE …` of a LABEL or an ENV, and ENV's older `KEY VALUE`."""
    words = shlex.split(text)
    if words and "=" not in words[0]:
        return {words[0]: " ".join(words[1:])}
    return {key: value for key, _, value in (word.partition("=") for word in words)}


def applied(config: ImageConfig, dockerfile: Dockerfile, context: Mapping[str, bytes]) -> ImageConfig:
    """The config after all instructions. Raises CopyMissing."""
    files = dict(config.files)
    workdir = config.workdir
    for step in dockerfile.steps:
        word, _, rest = step.partition(" ")
        match word.upper():
            case "WORKDIR":
                workdir = posixpath.normpath(posixpath.join(workdir, rest.strip()))
            case "COPY" | "ADD":
                files |= copied(rest, workdir, context)
            case _:
                for path in removed(rest, workdir, files):
                    del files[path]
    return ImageConfig(
        frame=config.frame,
        workdir=workdir,
        processes=config.processes,
        env={**config.env, **dockerfile.env},
        files=files,
        platform=config.platform,
    )


def copied(words: str, workdir: str, context: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of one COPY, by their new paths. Raises CopyMissing."""
    *sources, target = [word for word in shlex.split(words) if not word.startswith("--")]
    if any(word.startswith("--from") for word in words.split()):
        return {}
    to = posixpath.normpath(posixpath.join(workdir, target))
    into = target.endswith(("/", ".")) or len(sources) > 1
    found: dict[str, bytes] = {}
    for source in sources:
        path = posixpath.normpath(source).lstrip("/")
        if path in context:
            found[posixpath.join(to, posixpath.basename(path)) if into else to] = context[path]
            continue
        start = "" if path == "." else f"{path}/"
        inside = {name: data for name, data in context.items() if name.startswith(start)}
        matched = {name: data for name, data in context.items() if fnmatch.fnmatch(name, path)}
        if not inside and not matched:
            raise CopyMissing(f"/{path}")
        found |= {posixpath.join(to, name.removeprefix(start)): data for name, data in inside.items()}
        found |= {posixpath.join(to, posixpath.basename(name)): data for name, data in matched.items()}
    return found


def removed(command: str, workdir: str, files: Mapping[str, bytes]) -> list[str]:
    """The files that the `rm` in a RUN takes away."""
    gone: list[str] = []
    for part in command.replace("&&", ";").split(";"):
        words = part.split()
        if words[:1] != ["rm"]:
            continue
        for word in words[1:]:
            pattern = posixpath.normpath(posixpath.join(workdir, word))
            gone += [
                path
                for path in files
                if not word.startswith("-") and (fnmatch.fnmatch(path, pattern) or path.startswith(f"{pattern}/"))
            ]
    return list(dict.fromkeys(gone))
