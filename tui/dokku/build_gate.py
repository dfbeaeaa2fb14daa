"""May a commit of this program be pushed to an app, and what has to be set for it? Asked before every push.

A commit of this program is a Dockerfile of a few lines. Any setting that has something else build it is a trap: on
0.35.15, with DOKKU_CNB_EXPERIMENTAL, pack built and deployed our tiny tree (recorded): exit 0, metadata ours,
production without the app. What a setting of the app can cure is a `Need`, recorded before it is made; what cannot be
cured is refused, and so is what the host did not tell. Theory of the order: `builder:set` counts first (the app's, then
the host's), then detection, in which the Dockerfile steps back for buildpacks, BUILDPACK_URL and `project.toml`.

What a host does not tell of an app that a Dockerfile built is a caution (`untold`), and no refusal: what runs is the
proof that its Dockerfile counted. Of every other app it refuses.
"""

from tui.dokku import build_settings as shapes
from tui.dokku import builders, commands
from tui.dokku.build_settings import Shape
from tui.dokku.reports import Checks
from tui.model.value import Value

LOCAL = "docker-local"
K3S = "k3s"
URL, EXPERIMENTAL = shapes.CHOOSERS
SELECTED = "builder-selected"
"""in an incident's record: the app's own setting of its builder, before a push needed another"""
UNKNOWN = "unknown"
CHOOSING = "config keys that choose a builder"
# `docker image build --help` of Docker 26 and buildx 0.14
_UNDERSTOOD = frozenset(
    """add-host allow annotation attest build-arg build-context builder cache-from cache-to call cgroup-parent check
    compress cpu-period cpu-quota cpu-shares cpuset-cpus cpuset-mems debug disable-content-trust file force-rm iidfile
    isolation label load memory memory-swap metadata-file network no-cache no-cache-filter output platform print
    progress provenance push quiet rm root sbom secret security-opt shm-size squash ssh tag ulimit""".split()  # noqa: SIM905
)
_SHORT = "cDfmoqt"
_OF_A_RUN = frozenset(
    """env env-file volume volumes-from mount publish user workdir entrypoint restart link device""".split()  # noqa: SIM905
)
_SHORT_OF_A_RUN = "evpuw"


class Need(Value):
    """One setting that a push needs otherwise than it is."""

    id: str
    """of the plan's step"""
    title: str
    argv: tuple[str, ...]


class PushGate(Value):
    """The settings read of an app before a push to it."""

    needs: tuple[Need, ...] = ()
    restore: tuple[tuple[str, str], ...] = ()
    """name → value of what is put back when deploys go on, as the incident's record has it"""
    seen: tuple[tuple[str, str], ...] = ()
    """name → value of everything that decides what becomes of the push, read again before anything is sent"""


def unavailable(shape: Shape) -> str | None:
    """Why no commit of this program may be pushed to the app, with the fix; None where it may be, once `needs` are
    met."""
    app = shape.app
    if shape.scheduler not in (None, LOCAL, K3S):
        return f"{app} runs on the scheduler {shape.scheduler}: only {LOCAL} and {K3S} start what a holder retains"
    if (gap := untold(shape)) and shape.builder != builders.DOCKERFILE:
        return f"the host does not tell the {gap[0]} of {app}: what would become of a push is not known"
    if EXPERIMENTAL in (*shape.keys, *shape.global_keys) and shape.experimental:
        where = app if EXPERIMENTAL in shape.keys else "--global"
        return (
            f"{EXPERIMENTAL} is set: pack would build our commit, and deploy it without the app; where project.toml "
            f"names the builder as well it can go: config:unset --no-restart {where} {EXPERIMENTAL}"
        )
    if why := _options(shape):
        return f"{why}: docker-options:report {app}"
    taken = [path for path in shape.paths.values() if path == shapes.FACTS_FILE]
    if taken:
        return f"{app} reads its settings from {shapes.FACTS_FILE}, where a holder keeps its own facts"
    return None


def skipped(shape: Shape) -> str | None:
    """Why no deploy of the app starts anything, with the fix; None where it does."""
    if not shape.skips:
        return None
    return f"deploys of {shape.app} are built and not started, until: {' '.join(shape.skips)}"


def untold(shape: Shape) -> tuple[str, ...]:
    """The settings that decide over a push and that the host did not tell."""
    return tuple(report for report in (*shapes.GATE, shapes.VARIABLES) if report in shape.unknown)


def unkeepable(shape: Shape) -> str | None:
    """Why what the app runs cannot be kept, with the fix; None where it can be."""
    if why := unavailable(shape):
        return why
    if shape.builder is None:
        return f"the host does not say what built {shape.app}, so how a kept image starts is not known"
    if shape.builder not in builders.KNOWN:
        known = ", ".join(builders.KNOWN)
        return f"{shape.app} is built by {shape.builder}: what can be kept is built by {known}"
    return None


def gate(shape: Shape, checks: Checks | None = None, restore: tuple[tuple[str, str], ...] = ()) -> PushGate:
    """The needs of a push to the app and what they follow from. `restore`: what an earlier push had to set already."""
    app, needs = shape.app, list[Need]()
    if stands_in(shape):
        title = "have the host build our commit by its Dockerfile"
        argv = commands.builder_set(app, "selected", builders.DOCKERFILE)
        needs.append(Need(id="builder", title=title, argv=argv))
        restore = (*(pair for pair in restore if pair[0] != SELECTED), (SELECTED, shape.own_selected))
    if shape.source_image:
        title = "have the host read the files of our commit, not those of the image deployed last"
        needs.append(Need(id="source-image", title=title, argv=commands.git_set(app, "source-image")))
    return PushGate(needs=tuple(needs), restore=restore, seen=seen(shape, checks))


def stands_in(shape: Shape) -> str:
    """The builder that would build a commit of this program in place of its Dockerfile, in words; empty: nothing."""
    if shape.selected:
        return "" if shape.selected == builders.DOCKERFILE else f"the builder {shape.selected} is selected"
    if shape.buildpacks:
        return "buildpacks are set"
    return f"{URL} is set" if URL in (*shape.keys, *shape.global_keys) else ""


def seen(shape: Shape, checks: Checks | None) -> tuple[tuple[str, str], ...]:
    """Name → value of everything that decides what becomes of a push; one that is not known is named `unknown`."""
    variables = sorted({URL, EXPERIMENTAL} & {*shape.keys, *shape.global_keys})
    found = {
        "builder selected": shape.selected,
        "buildpacks": shape.buildpacks,
        CHOOSING: " ".join(variables),
        "build options": " ".join(shape.options),
        "source image": shape.source_image,
        "checks": UNKNOWN if checks is None else f"disabled {checks.disabled}, skipped {checks.skipped}",
    }
    gone = {"builder": "builder selected", "docker-options": "build options", shapes.VARIABLES: CHOOSING}
    found |= {gone.get(name, name): UNKNOWN for name in untold(shape)}
    return tuple(found.items())


def changes(planned: tuple[tuple[str, str], ...], now: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """The differences from what was planned, in words; what could not be read again is no change, see `unread`.

    What was unknown when it was planned, and is known now, counts where the plan would have been another one.
    """
    told = dict(now)

    def differs(name: str, value: str) -> bool:
        found = told.get(name, UNKNOWN)
        if UNKNOWN not in (value, found):
            return found != value
        usual = ("", builders.DOCKERFILE) if name == "builder selected" else ("",)
        return value == UNKNOWN and name != "checks" and found not in (UNKNOWN, *usual)

    return tuple(
        f"{name} was {value or 'none'}, is {told.get(name, UNKNOWN) or 'none'}"
        for name, value in planned
        if differs(name, value)
    )


def unread(planned: tuple[tuple[str, str], ...], now: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """The names of what was planned with and is not known now."""
    told = dict(now)
    return tuple(name for name, value in planned if value != UNKNOWN and told.get(name, UNKNOWN) == UNKNOWN)


def restoring(app: str, restore: tuple[tuple[str, str], ...]) -> tuple[tuple[str, ...], ...]:
    """The commands that put settings back; of a newer console's it leaves what it does not know."""
    return tuple(commands.builder_set(app, "selected", value) for name, value in restore if name == SELECTED)


def _options(shape: Shape) -> str | None:
    for word in shape.options:
        name, _, value = word.lstrip("-").partition("=")
        if not word.startswith("-"):
            continue
        if name == "target" and word.startswith("--"):
            return f"{shape.app} is built with --target, and a kept image has no such stage"
        if name == "pull" and word.startswith("--"):
            if value in ("", "true", "always", "1"):
                return f"{shape.app} is built with --pull, and a kept image is in no registry"
            continue
        long = word.startswith("--")
        if name in _OF_A_RUN if long else word[1:2] in _SHORT_OF_A_RUN:
            return f"a build option is for a buildpack build alone, a Dockerfile's refuses it: {word}"
        if shape.builder != builders.DOCKERFILE and not (name in _UNDERSTOOD if long else word[1:2] in _SHORT):
            return f"whether a Dockerfile's build takes the build option {word} is not known"
    return None
