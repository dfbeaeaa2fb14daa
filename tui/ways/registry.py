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
from tui.model.errors import Refused
from tui.model.plan import ANYWHERE, Plan, PlanWarning, Proof, WarningLevel
from tui.model.release import Release, Source, WayBack
from tui.model.service import Service
from tui.ways.facts import Facts
from tui.ways.plan import Deed, build, deploy
from tui.ways.way import Seen, Way

MEASURED = 33.0
"""seconds that the command took with a tiny image"""
NEWEST = 20
"""numbers that are listed"""
CAUTIONS = (
    PlanWarning(
        severity=WarningLevel.NOTE,
        text="Dokku commits a Dockerfile of its own to the app's repository: a later push of the team's branch "
        "may be rejected and then needs --force",
    ),
    PlanWarning(
        severity=WarningLevel.WARN,
        text="release, predeploy and postdeploy tasks and the Procfile come from the image, where it has them "
        "(migrations!)",
    ),
)


class _Registry(Way):
    """Deploys a numbered image of a registry by its digest."""

    name = "registry"
    deploys = True

    def offer(self, release: Release, service: Service, seen: Seen) -> WayBack:
        """The way to the release by its image in the service's repository."""
        if service.image_repository is None:
            return self.unavailable("services.yaml names no image_repository for the service")
        tag = _number(release, service)
        if tag is None:
            return self.unavailable("which image of the registry it is is not known")
        if seen.images is None:
            return self.unavailable("the registry could not be asked")
        if tag not in seen.images:
            return self.unavailable("the registry does not have its image")
        return WayBack(way=self.name, available=True, seconds=MEASURED)

    def releases(self, service: Service, seen: Seen) -> tuple[Release, ...]:
        """The newest numbered images of the service's repository; other tags are no releases."""
        if service.image_repository is None:
            return ()
        return numbered(service.app, service.image_repository, seen.images or ())

    def image(self, service: Service, target: Release) -> tuple[str, str] | None:
        """The service's repository and the target's number. Raises Refused where the target is no image of it."""
        tag = _number(target, service)
        if service.image_repository is None or tag is None:
            raise Refused(f"{target.name} is no image of the service's registry", "choose another release (--list)")
        return service.image_repository, tag

    def plan(self, facts: Facts) -> Plan:
        """The plan that deploys the image by its digest.

        Raises ValueError where the service names no repository, or the digest is not known.
        """
        service = facts.service
        if service.image_repository is None:
            raise ValueError(f"{service.name} has no image_repository")
        if not facts.digest:
            raise ValueError(f"the digest of {facts.target.name} is not known")
        image = f"{service.image_repository}@{facts.digest}"
        argv = commands.git_from_image(service.app, image)
        deed = Deed(
            way=self.name,
            step=deploy(facts, argv, f"deploy {facts.target.name} from the registry", MEASURED),
            proof=Proof(source="docker-image", metadata=image),
            moves=(ANYWHERE,),
            cautions=CAUTIONS,
        )
        return build(facts, deed)


WAY = _Registry()


def numbered(app: str, repository: str, tags: Iterable[str]) -> tuple[Release, ...]:
    """The newest numbered images of the repository, highest number first, at most `NEWEST`."""
    numbers = sorted({int(tag) for tag in tags if tag.isascii() and tag.isdigit() and len(tag) <= 9}, reverse=True)
    return tuple(
        Release(app=app, image=f"{repository}:{number}", origin=Source.REGISTRY) for number in numbers[:NEWEST]
    )


def _number(release: Release, service: Service) -> str | None:
    """The tag of the release's image in the service's repository."""
    repository, _, tag = (release.image or "").rpartition(":")
    return tag if repository and repository == service.image_repository else None
