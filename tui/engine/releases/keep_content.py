"""The content of a holder, asked before anything of it is begun: a release's own files, and what it remembers."""

from collections.abc import Callable

from tui.dokku import app_config, build_gate, build_settings, builders, commit_files
from tui.engine.hosts.connections import HostConnections, UnexpectedReply
from tui.engine.releases import build_facts
from tui.model.errors import Refused
from tui.model.observation import RunningState
from tui.model.service import Service
from tui.model.value import Value
from tui.releases.keepable import known_to_run
from tui.text.clean import decode

Say = Callable[[str], None]


class HolderContent(Value):
    """The content of a holder that has no name yet."""

    commit: str
    """the release's own, or Dokku's of the image or archive it came from"""
    shape: build_settings.Shape
    files: tuple[tuple[str, str], ...]
    config_keys: tuple[str, ...]
    """names alone; empty where the host did not list all of them, too"""
    predeploy: bool

    def tree(self, number: int, current: RunningState) -> commit_files.Tree:
        """The commit that fills the holder of that number."""
        of = self.shape
        own = None if build_settings.OWN_LIST in of.unknown else app_config.own_names(of.keys)
        facts = build_settings.facts(of, number, current.processes, own, predeploy=self.predeploy)
        return commit_files.keep_tree(of.app, number, dict(self.files), of, facts)


async def read(links: HostConnections, service: Service, current: RunningState, say: Say) -> HolderContent:
    """The content of a holder of what runs. Raises Refused, LinkError, UnexpectedReply."""
    commit = known_to_run(current)
    of = await build_facts.read(links, service, current)
    if (why := build_gate.unkeepable(of)) is not None:
        raise Refused(why, "another way back: --list; `rollback help builders` says what can be kept")
    if of.unknown:
        say(f"{service.app}: the host did not tell {', '.join(of.unknown)}; their usual settings are assumed")
    files = await _files(links, service, current, commit, of)
    predeploy = any(c.predeploy for c in current.containers) or _has_predeploy(of, files)
    if predeploy or of.builder == builders.HEROKUISH:
        whose = "a predeploy task ran" if predeploy else f"{builders.HEROKUISH} writes them into it"
        say(
            f"{service.app}: its image holds the values of all config of now, secrets too ({whose}); so will its holder"
        )
    _starts(of, current, files)
    keys = app_config.own_names((*of.keys, *of.global_keys)) if of.listed else ()
    return HolderContent(
        commit=commit, shape=of, files=tuple(sorted(files.items())), config_keys=keys, predeploy=predeploy
    )


async def _files(
    links: HostConnections, service: Service, current: RunningState, commit: str, of: build_settings.Shape
) -> dict[str, str]:
    """The running release's own files, from a branch that is at what runs.

    Those of an image lie inside it, where this login cannot read them: what its processes run is all that is known.
    """
    if current.source == builders.IMAGE:
        procfile = commit_files.procfile_of(current.containers)
        if procfile is None:
            raise Refused(
                f"{service.app} was deployed from an image, and what its processes run does not go into a Procfile",
                "deploy it by git push of a Dockerfile `FROM` that image, with a Procfile",
            )
        return {of.procfile: procfile} if procfile else {}
    branch = next((name for name, tip in current.refs if tip == commit), None)
    if branch is None:
        raise Refused(
            f"no branch of {service.app} stands at {commit[:10]}, so its Procfile and app.json cannot be read",
            "push that commit to a branch of the app, or deploy again",
        )
    try:
        found = await links.git.archive(links.host(service.host), service.app, branch, of.sources)
    except UnexpectedReply as error:
        raise UnexpectedReply(f"the files of {service.app} cannot be read: {error.message}") from error
    return {path: decode(content) for path, content in found.items()}


def _has_predeploy(of: build_settings.Shape, files: dict[str, str]) -> bool:
    found = (files.get(path) for path in build_settings.places(of.appjson, of.build_dir))
    return any(commit_files.has_predeploy(text) for text in found if text is not None)


def _starts(of: build_settings.Shape, current: RunningState, files: dict[str, str]) -> None:
    """Raises Refused where what runs could not be started again without a Procfile that there is none of."""
    procfiles = (files.get(path) for path in build_settings.places(of.procfile, of.build_dir))
    procfile = next((text for text in procfiles if text is not None), None)
    wanted = commit_files.process_types(procfile)
    missing = [name for name, _ in current.processes if name not in wanted]
    if procfile is None and of.builder in builders.NO_COMMAND:
        missing = missing or ["web"]
    if of.builder in (*builders.NO_COMMAND, builders.PACK) and missing:
        raise Refused(
            f"{of.app} is built by {of.builder}, and no Procfile says how its {', '.join(missing)} starts: "
            "a kept image could not be started again",
            f"add {of.procfile} to the repository, and deploy; the way git builds a commit again (--list)",
        )
