"""From a source tree to an image: reads the Dockerfile, says what BuildKit says, and puts the image into the store.

Knows FROM, LABEL, RUN and what copies; a base named `dokku/…` must be on the host, one without a slash counts
as pulled before, anything else is looked up and not found, as on a host without a registry.
"""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from tui.sandbox.images import APP_LABEL, Behaviour, Content, Image, canonical
from tui.sandbox.machine import App, Machine

BUILT_IN = 'building with "default" instance using docker driver'


class BuildFailed(Exception):
    """BuildKit gave up; the lines it ended with were already said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dockerfile:
    """The parts of a Dockerfile that decide a build. `base_line` counts from 1; `base` and `steps` are those of the
    last stage.
    """

    text: str
    base: str
    base_line: int
    labels: dict[str, str]
    steps: tuple[str, ...]  # instructions that make a layer, without FROM
    stages: tuple[str, ...]

    @property
    def copies(self) -> bool:
        """Whether an instruction needs files of the source, so that BuildKit loads a build context."""
        return any(step.startswith(("COPY", "ADD")) for step in self.steps)


def parse_dockerfile(text: str) -> Dockerfile:
    """Reads a Dockerfile. Without a FROM the base is `scratch`; instructions that are not known are passed over."""
    base, base_line = "scratch", 1
    labels: dict[str, str] = {}
    steps: list[str] = []
    stages: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        word, _, rest = line.strip().partition(" ")
        match word.upper():
            case "FROM":
                base, base_line = rest.split()[0], number
                stages += rest.split()[2:3]
                steps.clear()
            case "LABEL":
                for pair in shlex.split(rest):
                    key, _, value = pair.partition("=")
                    labels[key] = value
            case "RUN" | "COPY" | "ADD" | "WORKDIR":
                steps.append(line.strip())
    return Dockerfile(
        text=text, base=base, base_line=base_line, labels=labels, steps=tuple(steps), stages=tuple(stages)
    )


def stage_wanted(app: App) -> str:
    """The `--target` among the app's own build options, which apply to a release's Dockerfile as to any other."""
    words = app.properties.get("docker-options-build", "").replace("=", " ").split()
    return words[words.index("--target") + 1] if "--target" in words[:-1] else ""


def dockerfile_path(app: App) -> str:
    """The path of the app's Dockerfile in its source, `Dockerfile` unless the app has its own."""
    return app.properties.get("builder-dockerfile-dockerfile-path") or "Dockerfile"


def content_of(files: dict[str, bytes], commit: str) -> Content:
    """What an image built from these files holds."""
    version = files.get("VERSION", b"").decode().strip() or commit[:12]
    behaviour = Behaviour()
    if "behaviour.json" in files:
        behaviour = behaviour.changed(json.loads(files["behaviour.json"]))
    return Content(version=version, commit=commit, behaviour=behaviour)


class Builder:
    """One build. Iterate `lines()` to its end, then take `image`; raises BuildFailed in between."""

    def __init__(
        self,
        machine: Machine,
        app: App,
        files: dict[str, bytes],
        commit: str,
        *,
        alternate_tags: str | None = None,
        full_disk: bool = False,
        fails: bool = False,
    ) -> None:
        self._machine = machine
        self._app = app
        self._files = files
        self._commit = commit
        self._alternate = alternate_tags
        self._full_disk = full_disk
        self._fails = fails
        self._number = 0
        self.image: Image | None = None

    def lines(self) -> Iterator[str]:
        """BuildKit's output, line by line, without its line ends. Raises BuildFailed after the lines that say why; a
        last line of success means that `image` is set.
        """
        dockerfile = parse_dockerfile(self._files[dockerfile_path(self._app)].decode())
        yield f"#0 {BUILT_IN}"
        yield ""
        # BuildKit counts the file's bytes and its own envelope.
        yield from self._step("[internal] load build definition from Dockerfile", sent=len(dockerfile.text) + 37)
        target = stage_wanted(self._app)
        if target and target not in dockerfile.stages:
            yield f'ERROR: failed to solve: target stage "{target}" could not be found'
            raise BuildFailed
        # What Dokku's cleanup has just deleted, BuildKit takes from the registry again.
        base = self._machine.images.find(dockerfile.base) or self._machine.pushed(dockerfile.base)
        title = f"[internal] load metadata for {canonical(dockerfile.base)}"
        if base is None and "/" in dockerfile.base:
            yield from self._missing(dockerfile, title)
            raise BuildFailed
        yield from self._step(title)
        yield from self._step("[internal] load .dockerignore", sent=2)
        total = len(dockerfile.steps) + 1
        yield from self._step(f"[1/{total}] FROM {canonical(dockerfile.base)}", cached=total == 1)
        if dockerfile.copies:
            yield from self._step("[internal] load build context", size="5.75MB 0.0s")
        content = base.content if base else content_of(self._files, self._commit)
        for position, step in enumerate(dockerfile.steps, 2):
            yield from self._step(f"[{position}/{total}] {step}", cached=True)
        if self._fails or (base is None and content.behaviour.build_fails):
            yield from self._broken(dockerfile, total + 1)
            raise BuildFailed
        if self._full_disk:
            yield from self._no_space()
            raise BuildFailed
        inherited = base.labels if base else {}
        self.image = self._store(dockerfile, content, inherited)
        yield from self._export(self.image)

    def _store(self, dockerfile: Dockerfile, content: Content, inherited: dict[str, str]) -> Image:
        labels = {
            **inherited,
            **dockerfile.labels,
            APP_LABEL: self._app.name,
            "com.dokku.builder-type": "dockerfile",
            "com.dokku.image-stage": "release",
        }
        if self._alternate is not None:
            labels["com.dokku.docker-image-labeler/alternate-tags"] = self._alternate
        return self._machine.images.build(self._app.image, content, labels, dockerfile.base, self._machine.now())

    def _step(self, title: str, *, sent: int = 0, size: str = "", cached: bool = False) -> Iterator[str]:
        self._number += 1
        yield f"#{self._number} {title}"
        if sent or size:
            what = "dockerfile" if "definition" in title else "context"
            yield f"#{self._number} transferring {what}: {size or f'{sent}B'} done"
        yield f"#{self._number} CACHED" if cached else f"#{self._number} DONE 0.0s"
        yield ""

    def _export(self, image: Image) -> Iterator[str]:
        self._number += 1
        for said in (
            "exporting to image",
            "exporting layers done",
            f"writing image {image.id} done",
            f"naming to docker.io/{self._app.image} done",
            "DONE 0.0s",
        ):
            yield f"#{self._number} {said}"

    def _missing(self, dockerfile: Dockerfile, title: str) -> Iterator[str]:
        name = canonical(dockerfile.base)
        path, _, tag = name.removeprefix("docker.io/").rpartition(":")
        reason = (
            f'failed to do request: Head "https://registry-1.docker.io/v2/{path}/manifests/{tag}": '
            "dial tcp: lookup registry-1.docker.io on 10.255.255.53:53: no such host"
        )
        self._number += 1
        yield f"#{self._number} {title}"
        yield f"#{self._number} ERROR: {reason}"
        yield from ("------", f" > {title}:", "------")
        yield from excerpt(dockerfile.text, dockerfile.base_line)
        short = name.removeprefix("docker.io/")
        yield f"ERROR: failed to solve: {short}: failed to resolve source metadata for {name}: {reason}"

    def _broken(self, dockerfile: Dockerfile, position: int) -> Iterator[str]:
        command = 'echo building; sleep 1; echo "npm ERR! boom" >&2; exit 42'
        quoted = command.replace('"', '\\"')
        failure = f'process "/bin/sh -c {quoted}" did not complete successfully: exit code: 42'
        self._number += 1
        number = self._number
        yield f"#{number} [{position}/{position}] RUN {command}"
        yield f"#{number} 0.145 building"
        yield f"#{number} 1.146 npm ERR! boom"
        yield f"#{number} ERROR: {failure}"
        yield from (
            "------",
            f" > [{position}/{position}] RUN {command}:",
            "0.145 building",
            "1.146 npm ERR! boom",
            "------",
        )
        text = f"{dockerfile.text.rstrip()}\nRUN {command}\n"
        yield from excerpt(text, text.count("\n"))
        yield f"ERROR: failed to solve: {failure}"

    def _no_space(self) -> Iterator[str]:
        self._number += 1
        reason = "write /var/lib/docker/overlay2/layer.tar: no space left on device"
        yield f"#{self._number} exporting to image"
        yield f"#{self._number} ERROR: {reason}"
        yield from ("------", " > exporting to image:", "------", f"ERROR: failed to solve: {reason}")


def excerpt(text: str, line: int) -> Iterator[str]:
    """The lines around a failing instruction as BuildKit shows them."""
    lines = text.split("\n")
    yield f"Dockerfile:{line}"
    yield "--------------------"
    for number in range(max(1, line - 2), min(len(lines), line + 2) + 1):
        mark = ">>> " if number == line else "    "
        yield f"{number:>4} | {mark}{lines[number - 1]}"
    yield "--------------------"
