"""Every Dokku command we use, as an argument list. Times are wall clock on a kept connection, measured on 0.35.15."""

Argv = tuple[str, ...]


def version() -> Argv:
    """`dokku version 0.35.15`; 0.04 s."""
    return ("version",)


def plugin_list() -> Argv:
    """One line a plugin: name, version, enabled, description."""
    return ("plugin:list",)


def help_all() -> Argv:
    """Every command with its usage, one a line, those of plugins at the end; 0.6-0.75 s, 37-93 kB."""
    return ("help", "--all")


def apps_list() -> Argv:
    """Every app's name below a header line; 0.05 s. `--format json` exists on 0.38 only."""
    return ("apps:list",)


def apps_create(app: str) -> Argv:
    """0.4-1 s, on 0.38 4-7 s. Exit 1 `Name is already taken`: of several at once exactly one gets exit 0."""
    return ("apps:create", app)


def apps_destroy(app: str) -> Argv:
    """2-5 s, on 0.38 7-13 s. Without --force and without a terminal it exits 1 and asks."""
    return ("apps:destroy", app, "--force")


def apps_unlock(app: str) -> Argv:
    """Removes the lock's file, and stops no deploy: only for one that is known to have died, or shown to people."""
    return ("apps:unlock", app)


def apps_report(app: str) -> Argv:
    """Deploy source, metadata and lock as JSON; 0.05 s. Exit 20: no such app."""
    return ("apps:report", app, "--format", "json")


def report(plugin: str, app: str) -> Argv:
    """A plugin's report as text, which both versions have for every plugin; 0.1 s, ps 0.6 s."""
    return (f"{plugin}:report", app)


def checks_disable(app: str, processes: str = "") -> Argv:
    """The next deploy stops what runs before it starts anew; changes nothing by itself. Forgets what was skipped."""
    return ("checks:disable", app, *([processes] if processes else []))


def checks_enable(app: str) -> Argv:
    """Zero downtime for every process type again: neither disabled nor skipped."""
    return ("checks:enable", app)


def checks_skip(app: str, processes: str) -> Argv:
    """No waiting for checks of these process types."""
    return ("checks:skip", app, processes)


def config_keys(app: str) -> Argv:
    """The names of an app's variables, one a line, and nothing of their values; 0.1 s."""
    return ("config:keys", app)


def access_logs(app: str, *, tail: bool = False) -> Argv:
    """The last lines of the access log of the app's own nginx site, about 20; any number asked for is ignored."""
    return ("nginx:access-logs", app, *(("-t",) if tail else ()))


def config_set(app: str, pairs: tuple[tuple[str, str], ...]) -> Argv:
    """0.3 s. Without --no-restart the app would be restarted. Values must be free of blanks."""
    return ("config:set", "--no-restart", app, *(f"{key}={value}" for key, value in pairs))


def config_unset(app: str, keys: tuple[str, ...]) -> Argv:
    """Both versions' `config:help` names it; what it prints was not recorded, and is not read."""
    return ("config:unset", "--no-restart", app, *keys)


def builds_list(app: str) -> Argv:
    """The app's deploys with their outcomes, as JSON. 0.38 only: 0.35 says exit 1 `is not a dokku command`."""
    return ("builds:list", app, "--format", "json")


def builds_output(app: str, build: str) -> Argv:
    """All that one deploy has said. 0.38 only. Exit 0 without a word: there is none of that id."""
    return ("builds:output", app, build)


def config_export(app: str) -> Argv:
    """All variables as one JSON object; 0.2 s. It holds secrets: of a service, only `hosts.app_config` asks."""
    return ("config:export", "--format", "json", app)


def config_get(app: str, key: str) -> Argv:
    """One variable. Exit 1: not set."""
    return ("config:get", app, key)


def ps_report(app: str) -> Argv:
    """Deployed, running and each container's state as JSON; 0.6 s."""
    return ("ps:report", app, "--format", "json")


def ps_inspect(app: str) -> Argv:
    """Docker's own description of the app's containers, environment values masked; 0.4-0.8 s."""
    return ("ps:inspect", app)


def ps_stop(app: str) -> Argv:
    """Stops the app's containers; 2-3 s. Only for a holder that was deployed although it must not be."""
    return ("ps:stop", app)


def domains_disable(app: str) -> Argv:
    """No domain for the app. By Dokku's source (`plugins/domains`), not recorded: one line, and config NO_VHOST=1."""
    return ("domains:disable", app)


def ps_scale(app: str, processes: tuple[tuple[str, int], ...]) -> Argv:
    """How many of each process type the next deploy starts. An app that runs would be deployed without the switch."""
    return ("ps:scale", "--skip-deploy", app, *(f"{name}={count}" for name, count in processes))


def ps_set(app: str, key: str, value: str) -> Argv:
    """A property of the process plugin; `skip-deploy` exists on 0.38 only."""
    return ("ps:set", app, key, value)


def git_report(app: str) -> Argv:
    """Deploy branch and more, as text: 0.35 has no JSON here; 0.1 s."""
    return ("git:report", app)


def git_set_branch(app: str, branch: str) -> Argv:
    """0.2 s. A push to any other branch then deploys nothing and exits 0."""
    return ("git:set", app, "deploy-branch", branch)


def own_repository(app: str) -> str:
    """The path of the app's bare repository on the host."""
    return f"/home/dokku/{app}"


def git_sync(app: str, remote: str, ref: str) -> Argv:
    """Builds a commit of a repository; 19-29 s and its build time. An unknown one exits 128 and changes nothing."""
    return ("git:sync", "--build", app, remote, ref)


def git_from_image(app: str, image: str) -> Argv:
    """Deploys an image that is on the host or can be pulled; 27-34 s. The same as last time: exit 1, nothing done."""
    return ("git:from-image", app, image)


def git_sync_own(app: str, ref: str) -> Argv:
    """Builds a commit of the app's own repository on the host; 19-26 s and its build time."""
    return git_sync(app, own_repository(app), ref)


def tags(app: str) -> Argv:
    """The app's image tags, one a line below a header. By a plugin only: stock Dokku does not know it."""
    return ("tags", app)


def tags_deploy(app: str, tag: str) -> Argv:
    """Deploys the image `dokku/APP:TAG`. By a plugin only; writes no metadata, and the next restart undoes it."""
    return ("tags:deploy", app, tag)


def ps_rollback(app: str) -> Argv:
    """Goes back one release, in the sense of the plugin that brings it."""
    return ("ps:rollback", app)


def builder_set(app: str, key: str, value: str) -> Argv:
    """A property of the builder plugin; 0.25 s. Without a value it is the host's own again."""
    return ("builder:set", app, key, *([value] if value else []))


def git_set(app: str, key: str) -> Argv:
    """Takes a property of the git plugin back."""
    return ("git:set", app, key)


def logs(app: str, lines: int, *, tail: bool = False) -> Argv:
    """The last lines of each process, not merged by time. `-n` would vanish on the way and 100 lines come instead."""
    return ("logs", app, "--num", str(lines), *(("-t",) if tail else ()))
