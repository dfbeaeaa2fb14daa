"""The builders of an app's image, and what follows from each for a commit of this program that starts it again.

Recorded on 0.35.15 and 0.38.27 with herokuish 0.9.2, pack 0.40.0 and the frames that Dokku puts around nixpacks and
railpack. The label `com.dokku.builder-type` tells it, with two exceptions: on 0.35 nixpacks' image is labelled
`dockerfile`, and an image that came back by a rollback is labelled by the Dockerfile that brought it.
"""

from collections.abc import Mapping

from tui.model.observation import UNHELD, Container

DOCKERFILE = "dockerfile"
HEROKUISH = "herokuish"
PACK = "pack"
NIXPACKS = "nixpacks"
RAILPACK = "railpack"
KNOWN = (DOCKERFILE, HEROKUISH, PACK, NIXPACKS, RAILPACK)
"""what can be kept: their images start through a Dockerfile of this program"""
NO_COMMAND = (NIXPACKS, RAILPACK)
"""their images name no command: without a Procfile nothing starts"""
IMAGE, ARCHIVE = UNHELD
_LABEL = "com.dokku.builder-type"
_NIXPACKS_ENTRY = "/usr/local/bin/entrypoint"


def of_container(labels: Mapping[str, str], path: str) -> str | None:
    """The builder that a container itself tells: by how it starts, which a rollback does not change, else by label."""
    if path == "/start":
        return HEROKUISH
    if path == "launcher" or path.startswith("/cnb/") or "io.buildpacks.stack.id" in labels:
        return PACK
    return labels.get(_LABEL) or (NIXPACKS if path == _NIXPACKS_ENTRY else None)


def of_app(containers: tuple[Container, ...], told: str | None) -> str | None:
    """The builder of what runs; None where nothing says it.

    `told` is the host's own word on the app: `DOKKU_APP_TYPE` on 0.35, `builder-detected` on 0.38. It is believed
    before a label `dockerfile` only where labels are known to be wrong.
    """
    running = {c.builder for c in containers if c.running} or {c.builder for c in containers}
    if len(running) > 1:
        return None
    one = running.pop() if running else None
    return told if one in (None, DOCKERFILE) and told in NO_COMMAND else one or told


def from_image_or_archive(source: str | None) -> bool:
    """True if a deploy source is one that no deploy branch holds back."""
    return source in UNHELD
