"""Docker's images as far as Dokku's releases depend on them: content, labels, tags, and who may be removed.

An image's id is a digest of its content, base and labels, as with a cached build: building the same thing again
gives the same id.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any

from tui.sandbox.image_config import ImageConfig

ALTERNATE_TAGS = "com.dokku.docker-image-labeler/alternate-tags"
APP_LABEL = "com.dokku.app-name"

HEALTHS = ("ok", "503", "html", "not_ready", "hang")


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """The behaviour of a release's services: the file `behaviour.json` of its source, all keys optional.

    `health`: what the health paths answer. `check`: what Dokku's start-up check of the same paths sees ("" =
    the same as anybody). `error_rate`: share of all other requests that fail with 500. `crash`: the process
    dies at its start. `build_fails`, `release_fails`: the build, the release task. `log`: "tracebacks" or "".
    `log_rate`: lines a second.
    """

    health: str = "ok"
    check: str = ""
    error_rate: float = 0.0
    latency_ms: float = 0.0
    crash: bool = False
    build_fails: bool = False
    release_fails: bool = False
    log: str = ""
    log_rate: float = 1.0

    def changed(self, values: dict[str, Any]) -> "Behaviour":
        """Raises ValueError for a key that does not exist or a value that makes no sense."""
        known = {entry.name for entry in fields(self)}
        for key in values:
            if key not in known:
                raise ValueError(f"unknown behaviour {key}; known are {', '.join(sorted(known))}")
        behaviour = replace(self, **values)
        if behaviour.health not in HEALTHS or behaviour.check not in ("", *HEALTHS):
            raise ValueError(f"health is one of {', '.join(HEALTHS)}")
        return behaviour


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The content of an image: `version`, the text of its VERSION file or the short commit, and the commit it came
    from.

    Both stay with the content: an image built `FROM` it, as every way back is, shows the original version and commit.
    """

    version: str
    commit: str
    behaviour: Behaviour = field(default_factory=Behaviour)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image; `id` begins with `sha256:`, `created` is seconds since the epoch."""

    id: str
    content: Content
    labels: dict[str, str]
    created: float
    config: ImageConfig = field(default_factory=ImageConfig)


class ImageMissing(Exception):
    """No such image on this host; `str()` is its name."""


class ImageStore:
    """All images of the host and their tags."""

    def __init__(self) -> None:
        self.images: dict[str, Image] = {}
        self.tags: dict[str, str] = {}

    def find(self, name: str) -> Image | None:
        """By `repository:tag` or id."""
        return self.images.get(self.tags.get(with_tag(name), name))

    def build(
        self,
        tag: str,
        content: Content,
        labels: dict[str, str],
        base: str,
        now: float,
        config: ImageConfig | None = None,
    ) -> Image:
        """Puts an image under a tag, and returns it: the one that is there already if nothing about it is new."""
        config = config or ImageConfig()
        recipe = [base, content.version, content.commit, repr(content.behaviour), sorted(labels.items())]
        digest = "sha256:" + hashlib.sha256(json.dumps([*recipe, *config.recipe()]).encode()).hexdigest()
        made = Image(id=digest, content=content, labels=dict(labels), created=now, config=config)
        image = self.images.get(digest) or made
        self.images[digest] = image
        self.tags[with_tag(tag)] = digest
        return image

    def variant(self, image: Image, tag: str, now: float, config: ImageConfig, labels: dict[str, str]) -> Image:
        """The image with another config and more labels, under a tag: what `docker commit` leaves."""
        return self.build(tag, image.content, {**image.labels, **labels}, image.id, now, config)

    def prune(self, in_use: Iterable[str]) -> list[str]:
        """`docker image prune --all` by root: every image without a container goes, tags and all. Their ids."""
        gone = [image_id for image_id in self.images if image_id not in set(in_use)]
        for image_id in gone:
            for tag in self.tags_of(image_id):
                del self.tags[tag]
            del self.images[image_id]
        return gone

    def tag(self, image: Image, tag: str) -> None:
        """Lets the tag mean this image from now on."""
        self.tags[with_tag(tag)] = image.id

    def tags_of(self, image_id: str) -> list[str]:
        """All tags that mean this image."""
        return [tag for tag, target in self.tags.items() if target == image_id]

    def untag(self, tag: str) -> None:
        """Deletes a tag, not the image; one that does not exist is no error."""
        self.tags.pop(with_tag(tag), None)

    def remove(self, image_id: str, in_use: Iterable[str]) -> bool:
        """`docker image remove ID` without force: refused for an image in use or with two or more tags."""
        if image_id not in self.images or image_id in set(in_use) or len(self.tags_of(image_id)) > 1:
            return False
        for tag in self.tags_of(image_id):
            del self.tags[tag]
        del self.images[image_id]
        return True


def with_tag(name: str) -> str:
    """The name with `:latest` if it has no tag."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def canonical(name: str) -> str:
    """As BuildKit prints it: `docker.io/library/labbase:1`, `docker.io/dokku/app:latest`."""
    full = with_tag(name)
    head, slash, _ = full.partition("/")
    if not slash:
        return f"docker.io/library/{full}"
    if "." in head or ":" in head or head == "localhost":
        return full
    return f"docker.io/{full}"
