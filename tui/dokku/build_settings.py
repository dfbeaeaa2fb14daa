"""The shape of an app's build: which builder, which paths, which options. What follows from it: `build_gate`.

All of it are settings of the app, so they apply to our own commits as to any other. Text reports are read, because
0.35 has no JSON for half of them and both versions print the same labels (0.38 renamed one, `app json selected`, to
`app json computed appjson path`). What a report does not say is unknown, and named in `unknown`.
"""

import shlex
from collections.abc import Mapping

from tui.dokku import builders, commands, refusals, reports
from tui.model import json_text
from tui.model.observation import RunningState
from tui.model.outcome import Answer
from tui.model.value import Value
from tui.text.clean import clean_line, plain

DOCKERFILE = "Dockerfile"
ROLES = ("procfile", "appjson", "nginx", "checks")
DEFAULTS = {"procfile": "Procfile", "appjson": "app.json", "nginx": "nginx.conf.sigil", "checks": "CHECKS"}
FACTS_FILE = "release.json"
"""what we write beside a release's own files"""
CHOOSERS = ("BUILDPACK_URL", "DOKKU_CNB_EXPERIMENTAL")
"""the variables that have something else build a commit than its Dockerfile"""
SKIPS = "DOKKU_SKIP_DEPLOY"
"""the variable that has 0.35 build and not start; on 0.38 it is a property"""
OWN_LIST, GLOBAL_LIST = "the list of its config keys", "the list of global config keys"


class Shape(Value):
    """The build of an app and its surroundings. None: the host did not say; an empty text: not set."""

    app: str
    builder: str | None = None
    """what built what runs, else what builds it"""
    selected: str = ""
    """the builder that counts before any detection: the app's own, else the host's"""
    own_selected: str = ""
    """the app's own setting of it"""
    buildpacks: str = ""
    """the app's own buildpacks, which Dokku writes into every commit"""
    keys: tuple[str, ...] = ()
    """names of all variables of the app, Dokku's included, sorted"""
    global_keys: tuple[str, ...] = ()
    """names of all variables that the host gives to every app"""
    experimental: bool = False
    """this host obeys DOKKU_CNB_EXPERIMENTAL, as 0.35 does"""
    skips: tuple[str, ...] = ()
    """the command that ends the skipping of the app's deploys; empty: they are not skipped"""
    source_image: str = ""
    """the image whose files Dokku reads in place of a commit's"""
    build_dir: str = ""
    dockerfile: str = DOCKERFILE
    procfile: str = DEFAULTS["procfile"]
    appjson: str = DEFAULTS["appjson"]
    nginx: str = DEFAULTS["nginx"]
    checks: str = DEFAULTS["checks"]
    options: tuple[str, ...] = ()
    """the words of the build options"""
    scheduler: str | None = None
    mounts: str | None = None
    ports: str | None = None
    holder_dockerfile: str = DOCKERFILE
    """where a new app, that has the host's own settings, looks for its Dockerfile"""
    holder_build_dir: str = ""
    unknown: tuple[str, ...] = ()
    """reports that could not be read"""

    @property
    def listed(self) -> bool:
        """True if all names of its variables are known, and not only those that choose a builder."""
        return not {OWN_LIST, GLOBAL_LIST} & {*self.unknown}

    @property
    def paths(self) -> dict[str, str]:
        """Role → path of each file that Dokku reads from the source."""
        return {role: getattr(self, role) for role in ROLES}

    @property
    def sources(self) -> tuple[str, ...]:
        """Every path such a file can stand at: with a build directory, in it and at the root."""
        return tuple(dict.fromkeys(p for path in self.paths.values() for p in places(path, self.build_dir)))


class Kept(Value):
    """A holder's memory of the shape and surroundings of its release; None: an older holder, it did not say."""

    release: int
    build_dir: str = ""
    paths: tuple[tuple[str, str], ...] = ()
    processes: tuple[tuple[str, int], ...] | None = None
    mounts: str | None = None
    ports: str | None = None
    config_keys: tuple[str, ...] | None = None
    """names only: no value, and no trace of one, leaves the app's own config"""
    predeploy: bool = False
    """a predeploy task ran: its image carries the config of then in its own environment"""


def questions(app: str) -> tuple[tuple[str, ...], ...]:
    """The reads that tell the shape: thirteen, 0.1-0.6 s each, at once."""
    return (*(commands.report(plugin, app) for plugin in REPORTS), *_variables(app))


def gate_questions(app: str) -> tuple[tuple[str, ...], ...]:
    """The reads that tell what `build_gate` asks: six."""
    return (*(commands.report(plugin, app) for plugin in (*GATE, "checks")), *_variables(app)[:2])


def further_questions(app: str, answers: Mapping[tuple[str, ...], Answer]) -> tuple[tuple[str, ...], ...]:
    """The questions that remain where names were not listed, as of an access plugin that lets nobody list the host's,
    and where a variable is there whose value decides.

    One variable each: unset is exit 1 without a word (recorded on 0.35.15 and 0.38.27, also with `--global`).
    """
    lists = {scope: answers.get(commands.config_keys(scope)) for scope in (app, _GLOBAL)}
    missing = [scope for scope, answer in lists.items() if answer is None or not answer.ok]
    named = (scope for scope, answer in lists.items() if answer is not None and SKIPS in _names(answer))
    chosen = (commands.config_get(scope, name) for scope in missing for name in CHOOSERS)
    return (*chosen, *(commands.config_get(scope, SKIPS) for scope in named))


def _variables(app: str) -> tuple[tuple[str, ...], ...]:
    return (commands.config_keys(app), commands.config_keys(_GLOBAL), commands.config_get(app, "DOKKU_APP_TYPE"))


GATE = ("builder", "buildpacks", "docker-options")
VARIABLES = "config keys"
_GLOBAL = "--global"

REPORTS = (
    *GATE,
    "builder-dockerfile",
    "ps",
    "app-json",
    "nginx",
    "scheduler",
    "storage",
    "ports",
)
COMPARED = ("storage", "ports")
"""reports of surroundings: two releases are compared by them, nothing is built by them"""


def read(
    app: str,
    answers: Mapping[tuple[str, ...], Answer],
    current: RunningState | None = None,
    *,
    experimental: bool = False,
) -> Shape:
    """The shape from the answers to `questions`, or to `gate_questions`, which leave the rest as usual.

    `experimental`: whether this host obeys DOKKU_CNB_EXPERIMENTAL.
    """
    told: dict[str, dict[str, str]] = {}
    unknown: list[str] = []
    raw: dict[str, bytes] = {}
    for plugin in REPORTS:
        answer = answers.get(commands.report(plugin, app))
        found = reports.text_report(answer.stdout) if answer is not None and answer.ok else {}
        raw[plugin] = answer.stdout if answer is not None and answer.ok else b""
        told[plugin] = found
        # a host without the plugin has none of its settings
        if not found and not (answer is not None and refusals.read(answer) is refusals.Refusal.NOT_A_COMMAND):
            unknown.append(plugin)

    def value(plugin: str, *labels: str) -> str | None:
        return next((v for label in labels if (v := told[plugin].get(label))), None)

    keys, own_gaps = _keys(app, OWN_LIST, answers)
    global_keys, global_gaps = _keys(_GLOBAL, GLOBAL_LIST, answers)
    unknown.extend(dict.fromkeys((*own_gaps, *global_gaps)))
    kind = answers.get(_variables(app)[-1])
    builder = told["builder"]
    selected = selected_of(builder)
    detected = _word(kind) or builder.get("builder detected") or selected
    containers = current.containers if current is not None else ()
    build_dir = value("builder", "builder computed build dir", "builder build dir", "builder global build dir")
    return Shape(
        app=app,
        builder=builders.of_app(containers, detected or None),
        selected=selected,
        own_selected=clean_line(builder.get("builder selected", ""), 100),
        buildpacks=clean_line(told["buildpacks"].get("buildpacks list", ""), 300),
        keys=keys,
        global_keys=global_keys,
        experimental=experimental,
        skips=_skips(app, told["ps"], answers),
        source_image=(current.source_image if current is not None else None) or "",
        build_dir=_path(build_dir or ""),
        dockerfile=_file(
            value(
                "builder-dockerfile",
                "builder dockerfile dockerfile path",
                "builder dockerfile computed dockerfile path",
            ),
            DOCKERFILE,
        ),
        procfile=_file(value("ps", "ps procfile path", "ps computed procfile path"), DEFAULTS["procfile"]),
        appjson=_file(
            value(
                "app-json",
                "app json appjson path",
                "app json selected",
                "app json computed appjson path",
                "app json computed selected",
            ),
            DEFAULTS["appjson"],
        ),
        nginx=_file(
            value("nginx", "nginx nginx conf sigil path", "nginx computed nginx conf sigil path"), DEFAULTS["nginx"]
        ),
        options=build_options(raw["docker-options"]),
        scheduler=value("scheduler", "scheduler computed selected", "scheduler selected"),
        mounts=None if not told["storage"] else clean_line(told["storage"].get("storage deploy mounts", "")),
        ports=None if not told["ports"] else clean_line(told["ports"].get("ports map", "")),
        holder_dockerfile=_file(value("builder-dockerfile", "builder dockerfile global dockerfile path"), DOCKERFILE),
        holder_build_dir=_path(builder.get("builder global build dir", "")),
        unknown=tuple(unknown),
    )


def selected_of(report: Mapping[str, str]) -> str:
    """The builder that counts before any detection, in a `builder:report`; empty: none."""
    labels = ("builder computed selected", "builder selected", "builder global selected")
    return clean_line(next((found for label in labels if (found := report.get(label))), ""), 100)


def build_options(raw: bytes) -> tuple[str, ...]:
    """The words of the build options in a `docker-options:report`, on however many lines they stand."""
    text = reports.docker_options(raw).get("build", "")
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return tuple(text.split())


def places(path: str, build_dir: str) -> tuple[str, ...]:
    """The places where a file can be. No recording shows whether Dokku looks from the root or from the build
    directory."""
    return (path, f"{build_dir}/{path}") if build_dir else (path,)


def to_write(path: str, build_dir: str, files: Mapping[str, str]) -> tuple[str, ...]:
    """The places where a file has to be changed, or made, for Dokku to read it so: those where it is, else all."""
    every = places(path, build_dir)
    return tuple(place for place in every if place in files) or every


def placed(shape: Shape, files: Mapping[str, str], kept: Kept | None) -> tuple[dict[str, str], tuple[str, ...]]:
    """A release's own files at the paths that the app's settings name now, and in words what had to be moved."""
    before = dict(kept.paths) if kept is not None and kept.paths else dict(DEFAULTS)
    old_dir = kept.build_dir if kept is not None else ""
    found: dict[str, str] = {}
    moved: list[str] = []
    for role, now in shape.paths.items():
        was = before.get(role, DEFAULTS[role])
        root, inside = files.get(was), files.get(f"{old_dir}/{was}") if old_dir else None
        if root is None and inside is None:
            continue
        if was != now:
            moved.append(f"{was} → {now}")
        if shape.build_dir != old_dir:
            # another directory than then: what counted there counts here, wherever Dokku looks
            content = inside if inside is not None else root
            found.update({place: content for place in places(now, shape.build_dir) if content is not None})
            continue
        if root is not None:
            found[now] = root
        if inside is not None:
            found[f"{shape.build_dir}/{now}"] = inside
    if old_dir != shape.build_dir:
        moved.append(f"build directory {old_dir or 'none'} → {shape.build_dir or 'none'}")
    return found, tuple(moved)


def facts(
    shape: Shape,
    release: int,
    processes: tuple[tuple[str, int], ...],
    config_keys: tuple[str, ...] | None,
    *,
    predeploy: bool = False,
) -> str:
    """The memory of a holder, as the content of its `release.json`."""
    kept = Kept(
        release=release,
        build_dir=shape.build_dir,
        paths=tuple(shape.paths.items()),
        processes=processes,
        mounts=shape.mounts,
        ports=shape.ports,
        config_keys=config_keys,
        predeploy=predeploy,
    )
    return json_text.write(kept, indent=1)


def read_facts(text: str | None) -> Kept | None:
    """The memory of a holder; None where it says nothing that can be read."""
    try:
        return None if text is None else json_text.read(text, Kept)
    except json_text.NotJson:
        return None


def _skips(app: str, ps: Mapping[str, str], answers: Mapping[tuple[str, ...], Answer]) -> tuple[str, ...]:
    """The command that lets deploys start again. By Dokku's own code: the word `true`, the app's before the host's."""
    if "ps computed skip deploy" in ps:  # 0.38, which ignores the variable
        own = ps.get("ps skip deploy", "")
        return ("ps:set", app if own else _GLOBAL, "skip-deploy") if ps["ps computed skip deploy"] == "true" else ()
    for scope in (app, _GLOBAL):
        if value := _word(answers.get(commands.config_get(scope, SKIPS))):
            return ("config:unset", "--no-restart", scope, SKIPS) if value == "true" else ()
    return ()


def _word(answer: Answer | None) -> str:
    """The one word of an answer."""
    return clean_line(plain(answer.stdout), 100).strip() if answer is not None and answer.ok else ""


def _keys(
    scope: str, listing: str, answers: Mapping[tuple[str, ...], Answer]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of an app's or the host's variables, and what of them is unknown: of a list, or of what chooses."""
    answer = answers.get(commands.config_keys(scope))
    if answer is not None and answer.ok:
        return _names(answer), ()
    each = {name: answers.get(commands.config_get(scope, name)) for name in CHOOSERS}
    known = tuple(sorted(name for name, one in each.items() if one is not None and one.ok))
    undecided = any(one is None or not (one.ok or _unset(one)) for one in each.values())
    return known, (listing, VARIABLES) if undecided else (listing,)


def _unset(answer: Answer) -> bool:
    return answer.code == 1 and not answer.stdout.strip() and not answer.stderr.strip()


def _names(answer: Answer) -> tuple[str, ...]:
    """The names of variables, one a line."""
    return tuple(sorted({clean_line(line, 200) for line in plain(answer.stdout).split("\n") if line.strip()}))


def _file(told: str | None, usual: str) -> str:
    """A file's path; the usual one where the host names none, or nothing but slashes and steps."""
    return _path(told or "") or usual


def _path(text: str) -> str:
    """A path as Git trees have it: no blanks, no slash at its ends, no step upwards."""
    return "/".join(part for part in clean_line(text, 300).strip().split("/") if part not in ("", ".", ".."))
