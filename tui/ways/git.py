"""The way back `git`: `git:sync --build APP /home/dokku/APP SHA` builds an older commit again.

The app's own bare repository on the host is the remote, so ordinary `dokku@` SSH is enough. Measured on 0.35.15 (19-26
s; 42 s on a loaded host) and 0.38.27 (29 s) with a tiny image: a real app adds its own build. What shapes the plan:

- The command moves the deploy branch to the commit before it asks for the lock and before it builds; a build or
  health check that fails leaves it there. With the freeze only the incident's own branch moves.
- An unknown commit exits 128 within half a second, and nothing is changed.
- After success, and only then, `deploy-source-metadata` is `REMOTE#SHA`, with the deploy source `git-sync`.
- Unlike a push it is aborted when its client dies; on 0.38 a stale lock file stays.
- The image is built anew: a base image or a dependency may have moved since. Release tasks run as in any deploy.
- From another remote the host first copies all its branches and tags over those of the app's repository.
"""

from tui.dokku import builders, commands
from tui.model.host import Capabilities
from tui.model.plan import ANYWHERE, Plan, PlanWarning, Proof, WarningLevel
from tui.model.release import Release, Source, Target, TargetKind, WayBack, matches
from tui.model.service import Service
from tui.text.redact import without_credential
from tui.ways.facts import Facts
from tui.ways.plan import Deed, build, deploy
from tui.ways.way import Seen, Way

DOKKU, AUTOMATED = "Dokku", "Automated commit"
"""the author of commits that Dokku makes, unless it is told another, and how the subject of all but the first begins"""
MEASURED = 29.0
"""seconds that the command took with a tiny image on an idle host"""


class _Git(Way):
    """Builds a commit again."""

    name = "git"
    deploys = True
    by_commit = True

    def offer(self, release: Release, service: Service, seen: Seen) -> WayBack:
        """The way to the release by its commit.

        A commit that was not seen in the app's repository may be there all the same: the host says so before anything
        is changed.
        """
        if release.commit is None:
            return self.unavailable("no commit is known of it")
        if why := _builds_on(release, seen.source):
            return self.unavailable(why)
        words, recent = "builds from source: slow", seen.commits is not None and release.commit in seen.commits
        if seen.commits is None:
            words += "; the app's repository could not be read"
        elif not recent:
            words += "; not among the newest commits of the app's repository"
        return WayBack(way=self.name, available=True, seconds=MEASURED, reason=words, sure=recent)

    def named(
        self, service: Service, target: Target, known: tuple[Release, ...], host: Capabilities | None
    ) -> Release | None:
        """A full commit id that no source knows, as a release by the person's word; None for everything else.

        It is looked for at the service's `git_remote` where there is one, else in the app's own repository.
        """
        if target.kind is not TargetKind.SHA or len(target.value) != 40 or any(matches(target, r) for r in known):
            return None
        words = "builds from source: slow; nothing is known of that commit"
        return Release(
            app=service.app,
            commit=target.value,
            origin=Source.NAMED,
            elsewhere=service.git_remote,
            ways=(WayBack(way=self.name, available=True, seconds=MEASURED, reason=words, sure=False),),
        )

    def plan(self, facts: Facts) -> Plan:
        """The plan that builds the target's commit again. Raises ValueError for a release without a commit."""
        target, app = facts.target, facts.service.app
        if target.commit is None:
            raise ValueError(f"{target.name} has no commit")
        remote = target.elsewhere or commands.own_repository(app)
        argv = commands.git_sync(app, remote, target.commit)
        branch = facts.frozen_branch or facts.current.branch
        moves = ((branch, target.commit),) if branch else ()
        deed = Deed(
            way=self.name,
            step=deploy(facts, argv, f"build {target.name} again", MEASURED),
            proof=Proof(source="git-sync", metadata=f"{without_credential(remote)}#{target.commit}"),
            moves=moves if target.elsewhere is None else (ANYWHERE,),
            cautions=tuple(_cautions(facts)),
        )
        return build(facts, deed)


WAY = _Git()


def _builds_on(release: Release, source: str | None) -> str:
    """Why a commit that Dokku made itself cannot be trusted to build; empty for every other, and for an archive's.

    `git:from-image` commits `FROM IMAGE`, and Dokku removes that image from the host once its containers are replaced.
    Its commits look like those of `git:from-archive` (both versions), whose author a CI may choose as well. `source` is
    how the app is deployed: of one that comes from images nobody knows another commit.
    """
    if release.source == builders.ARCHIVE:
        return ""
    theirs = release.author == DOKKU or (release.subject or "").startswith(AUTOMATED)
    unknown = release.origin is Source.REPOSITORY and release.source is None
    if release.source == builders.IMAGE or theirs or (unknown and source == builders.IMAGE):
        return "its commit is Dokku's own, and builds only where the image that it names is there still"
    return ""


def _cautions(facts: Facts) -> list[PlanWarning]:
    found = [
        PlanWarning(
            severity=WarningLevel.WARN,
            text="builds from source: slow. The measured time is that of a tiny image; add this app's own build. What "
            "comes out is not bit for bit what ran: base image and dependencies may have moved",
        ),
        PlanWarning(
            severity=WarningLevel.WARN,
            text="release, predeploy and postdeploy tasks of that commit run, as in any deploy (migrations!)",
        ),
        PlanWarning(
            severity=WarningLevel.NOTE,
            text="if it fails the old release serves on, but a restart would try the failed image",
        ),
    ]
    if (elsewhere := facts.target.elsewhere) is not None:
        found.append(
            PlanWarning(
                severity=WarningLevel.TYPE,
                text=f"the host fetches from {elsewhere} and copies all its branches and tags over those of the "
                "app's repository; whether it has the commit is not known (if not: exit 128, nothing is deployed). A "
                "private one needs `git:auth` on the host, once",
            )
        )
    if facts.options.run_tasks:
        found.append(
            PlanWarning(severity=WarningLevel.NOTE, text="--run-tasks changes nothing here: a build runs them anyway")
        )
    return found
