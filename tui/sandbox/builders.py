"""Which builder gets a commit, in the order in which Dokku looks; recorded where not said otherwise.

`DOKKU_CNB_EXPERIMENTAL` (0.35.15 only, and over everything), `builder:set` of the app, then of the host; then what
the files and settings say. A Dockerfile steps back for a buildpack that somebody names and for `project.toml`.
"""

from collections.abc import Mapping

from tui.sandbox.machine import App, Machine

DOCKERFILE, HEROKUISH, PACK, NIXPACKS, RAILPACK = "dockerfile", "herokuish", "pack", "nixpacks", "railpack"
NULL = "null"


def selected(machine: Machine, app: App) -> str:
    """The builder that `builder:set` chose for the app, or for the host; "" for neither."""
    return app.properties.get("builder-selected") or machine.global_properties.get("builder-selected", "")


def buildpack_named(machine: Machine, app: App, files: Mapping[str, bytes]) -> str:
    """The URL of a buildpack that somebody asks for: by the app's config, by `buildpacks:set`, or in the source."""
    config = machine.config_of(app)
    if config.get("BUILDPACK_URL"):
        return config["BUILDPACK_URL"]
    listed = app.properties.get("buildpacks-list", "").split(",")[0]
    in_source = files.get(".buildpacks", b"").decode().split("\n")[0].strip()
    for line in files.get(".env", b"").decode().splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        if name.strip() == "BUILDPACK_URL":
            return value.strip()
    return listed or in_source


def choose(machine: Machine, app: App, files: Mapping[str, bytes], dockerfile: str = "Dockerfile") -> str:
    """The builder of a commit with these files."""
    config = machine.config_of(app)
    if machine.old and config.get("DOKKU_CNB_EXPERIMENTAL") == "1":
        return PACK
    wanted = selected(machine, app)
    if wanted:
        return wanted
    if buildpack_named(machine, app, files):
        return HEROKUISH
    if "project.toml" in files:
        return PACK
    if dockerfile in files:
        return DOCKERFILE
    if "railpack.json" in files and not machine.old:
        return RAILPACK
    if "nixpacks.toml" in files:
        return NIXPACKS
    return HEROKUISH


def note(machine: Machine, app: App, builder: str) -> None:
    """Note what Dokku writes down about it before it builds: 0.35.15 as a variable, 0.38.27 for `builder:report`."""
    if machine.old:
        app.config["DOKKU_APP_TYPE"] = builder
    else:
        app.properties["builder-detected"] = builder
