"""From a source tree to an image: reads the Dockerfile, says what BuildKit says, and puts the image into the store.

A base named `dokku/…` must be on the host, one without a slash counts as pulled before, anything else is looked up and
not found, as on a host without a registry. The options that `docker-options` has for the phase `build` are the
command line's: a label is taken over, and what `docker buildx build` does not know fails the build before it begins.
"""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tui.sandbox.dockerfile import CopyMissing, Dockerfile, applied, parse_dockerfile
from tui.sandbox.image_config import WORK_FOLDERS, ImageConfig
from tui.sandbox.images import APP_LABEL, Behaviour, Content, Image, canonical
from tui.sandbox.machine import App, Machine

BUILT_IN = 'building with "default" instance using docker driver'


class BuildFailed(Exception):
    """BuildKit gave up; the lines it ended with were already said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOrder:
    """An order to build, and the trouble in store. `builder` is who wrote the Dockerfile: nixpacks and railpack do
    it themselves, of a base that their images bring along.
    """

    files: dict[str, bytes]
    commit: str
    dockerfile: str
    builder: str = "dockerfile"
    label: str = "dockerfile"
    alternate_tags: str | None = None
    full_disk: bool = False
    fails: bool = False


KNOWN_OPTIONS = (
    "--add-host", "--allow", "--build-arg", "--build-context", "--cache-from", "--cache-to", "--cgroup-parent",
    "--file", "--iidfile", "--label", "--load", "--network", "--no-cache", "--no-cache-filter", "--output",
    "--platform", "--progress", "--provenance", "--pull", "--push", "--quiet", "--sbom", "--secret", "--shm-size",
    "--ssh", "--tag", "--target", "--ulimit",
)  # fmt: skip
"""of `docker buildx build` 0.14, by its own help"""


def build_options(app: App) -> list[str]:
    """The app's options of the phase `build`, word by word."""
    return shlex.split(app.properties.get("docker-options-build", "").replace("\n", " "))


def unknown_option(app: App) -> str:
    """The complaint of Docker's client about the first build option that it does not know; "" if it knows all."""
    for word in build_options(app):
        name = word.partition("=")[0]
        if name.startswith("--") and name not in KNOWN_OPTIONS:
            return f"unknown flag: {name}"
        if name.startswith("-") and not name.startswith("--") and name[1:2] not in ("f", "o", "q", "t"):
            return f"unknown shorthand flag: '{name[1]}' in {name}"
    return ""


def option(app: App, name: str) -> str:
    """The last value of one build option; "" if it is not there."""
    words = build_options(app)
    values = [word.partition("=")[2] for word in words if word.startswith(f"{name}=")]
    values += [value for word, value in pairwise(words) if word == name]
    return values[-1] if values else ""


def dockerfile_path(app: App) -> str:
    """The path of the app's Dockerfile in its source, `Dockerfile` unless the app has its own."""
    return app.properties.get("builder-dockerfile-dockerfile-path") or "Dockerfile"


def content_of(files: dict[str, bytes], commit: str) -> Content:
    """The content of an image that is built from these files."""
    version = files.get("VERSION", b"").decode().strip() or commit[:12]
    behaviour = Behaviour()
    if "behaviour.json" in files:
        behaviour = behaviour.changed(json.loads(files["behaviour.json"]))
    return Content(version=version, commit=commit, behaviour=behaviour)


class Builder:
    """One build. Iterate `lines()` to its end, then take `image`; raises BuildFailed in between."""

    def __init__(self, machine: Machine, app: App, order: BuildOrder) -> None:
        self._machine = machine
        self._app = app
        self._order = order
        self._number = 0
        self.image: Image | None = None

    def lines(self) -> Iterator[str]:
        """BuildKit's output, line by line, without its line ends. Raises BuildFailed after the lines that say why; a
        last line of success means that `image` is set.
        """
        order = self._order
        dockerfile = parse_dockerfile(order.dockerfile)
        if complaint := unknown_option(self._app):
            yield complaint
            yield "See 'docker buildx build --help'."
            raise BuildFailed
        yield f"#0 {BUILT_IN}"
        yield ""
        # BuildKit counts the file's bytes and its own envelope.
        yield from self._step("[internal] load build definition from Dockerfile", sent=len(dockerfile.text) + 37)
        target = option(self._app, "--target")
        if target and target not in dockerfile.stages:
            yield f'ERROR: failed to solve: target stage "{target}" could not be found'
            raise BuildFailed
        # What Dokku's cleanup has just deleted, BuildKit takes from the registry again.
        base = self._machine.images.find(dockerfile.base) or self._machine.pushed(dockerfile.base)
        title = f"[internal] load metadata for {canonical(dockerfile.base)}"
        if base is None and "/" in dockerfile.base and order.builder == "dockerfile":
            yield from self._missing(dockerfile, title)
            raise BuildFailed
        yield from self._step(title)
        yield from self._step("[internal] load .dockerignore", sent=2)
        total = len(dockerfile.steps) + 1
        yield from self._step(f"[1/{total}] FROM {canonical(dockerfile.base)}", cached=total == 1)
        if dockerfile.copies:
            yield from self._step("[internal] load build context", size="5.75MB 0.0s")
        yield from self._layers(dockerfile, base, total)
        yield from self._export(self._made())

    def _layers(self, dockerfile: Dockerfile, base: Image | None, total: int) -> Iterator[str]:
        order = self._order
        content = base.content if base else content_of(order.files, order.commit)
        frame = order.builder
        begin = base.config if base else ImageConfig(frame=frame, workdir=WORK_FOLDERS.get(frame, "/"))
        try:
            config = applied(begin, dockerfile, order.files)
        except CopyMissing as missing:
            yield f'ERROR: failed to solve: failed to compute cache key: "{missing}": not found'
            raise BuildFailed from None
        for position, step in enumerate(dockerfile.steps, 2):
            yield from self._step(f"[{position}/{total}] {step}", cached=True)
        if order.fails or (base is None and content.behaviour.build_fails):
            yield from self._broken(dockerfile, total + 1)
            raise BuildFailed
        if order.full_disk:
            yield from self._no_space()
            raise BuildFailed
        self.image = self._store(dockerfile, content, base, config)

    def _made(self) -> Image:
        assert self.image is not None
        return self.image

    def _store(self, dockerfile: Dockerfile, content: Content, base: Image | None, config: ImageConfig) -> Image:
        labels = {
            **(base.labels if base else {}),
            **dockerfile.labels,
            APP_LABEL: self._app.name,
            "com.dokku.builder-type": self._order.label,
            "com.dokku.image-stage": "release",
        }
        key, equals, value = option(self._app, "--label").partition("=")
        if equals:
            labels[key] = value
        if self._order.alternate_tags is not None:
            labels["com.dokku.docker-image-labeler/alternate-tags"] = self._order.alternate_tags
        now = self._machine.now()
        return self._machine.images.build(self._app.image, content, labels, dockerfile.base, now, config)

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
