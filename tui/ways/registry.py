"""The way back `registry`: `git:from-image APP REPOSITORY@sha256:…`, for apps whose releases are pushed to a registry.

With `push-on-release` every release gets a number and stays in the registry as `SERVER/dokku/APP:N`. Measured with the
tag: 33 s on 0.38.27, 60 s on a loaded 0.35.15; it survives `ps:restart` and `ps:rebuild`. The digest instead of the tag
is what Dokku's documentation advises, because a tag can be moved. Facts that shape the plan:

- Numbers are releases, not versions: failed ones count too, and going back to 4 becomes a new number.
- The command commits a Dockerfile on the deploy branch before it asks for the lock; a later ordinary push of the old
  line is then rejected (fetch first). With the freeze it is the incident's own branch that moves.
- The same image as last time exits 1, `No changes detected`, and nothing is done.
- The metadata becomes the image as it was named, with the deploy source `docker-image`, after success only.
- It is aborted with its client; the next try is then `No changes detected`.
- Dokku deletes the pulled image when it is replaced: the registry keeps it.
"""

from collections.abc import Iterable

from tui.dokku import commands
from tui.model.plan import Caution, Plan, Proof, Severity
from tui.model.release import Release, Source, WayBack
from tui.model.service import Host, Service
from tui.ways import shared
from tui.ways.kept import Facts, Options

WAY = "registry"
MEASURED = 33.0
NEWEST = 20
"""numbers that are listed"""


def plan(
    service: Service, host: Host, target: Release, leaving: Release, facts: Facts, options: Options, digest: str
) -> Plan:
    """The plan that deploys the image by its digest. Raises ValueError where the service names no repository."""
    if service.image_repository is None:
        raise ValueError(f"{service.name} has no image_repository")
    image = f"{service.image_repository}@{digest}"
    way = shared.Way(
        name=WAY,
        argv=commands.git_from_image(service.app, image),
        title=f"deploy {target.name} from the registry",
        expected=MEASURED,
        proof=Proof(source="docker-image", metadata=image),
        anywhere=True,
        cautions=(
            Caution(
                severity=Severity.NOTE,
                text="Dokku commits a Dockerfile of its own to the app's repository: a later push of the team's branch "
                "may be rejected and then needs --force",
            ),
            Caution(
                severity=Severity.WARN,
                text="release, predeploy and postdeploy tasks and the Procfile come from the image, where it has them "
                "(migrations!)",
            ),
        ),
    )
    return shared.plan(service, host, target, leaving, facts, options, way)


def releases(app: str, repository: str, tags: Iterable[str]) -> tuple[Release, ...]:
    """The newest numbered images of the repository; other tags are no releases."""
    numbers = sorted({int(tag) for tag in tags if tag.isascii() and tag.isdigit() and len(tag) <= 9}, reverse=True)
    return tuple(
        Release(app=app, image=f"{repository}:{number}", origin=Source.REGISTRY) for number in numbers[:NEWEST]
    )


def number(release: Release, service: Service) -> str | None:
    """The tag of the release's image in the service's repository."""
    repository, _, tag = (release.image or "").rpartition(":")
    return tag if repository and repository == service.image_repository else None


def way_back(release: Release, service: Service, tags: frozenset[str] | None) -> WayBack:
    """Whether the registry leads to the release. `tags` are all of the repository; None: it could not be asked."""
    if service.image_repository is None:
        return WayBack(way=WAY, available=False, reason="services.yaml names no image_repository for the service")
    tag = number(release, service)
    if tag is None:
        return WayBack(way=WAY, available=False, reason="which image of the registry it is is not known")
    if tags is None:
        return WayBack(way=WAY, available=False, reason="the registry could not be asked")
    if tag not in tags:
        return WayBack(way=WAY, available=False, reason="the registry does not have its image")
    return WayBack(way=WAY, available=True, seconds=MEASURED)
