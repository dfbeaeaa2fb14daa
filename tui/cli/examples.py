"""Two command lines for every command, shown at the end of its `--help`."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "SERVICE": ("rollback api previous --watch 15m", "rollback api release:5 --plan"),
    "init": ("rollback init dokku@host.example", "rollback init --add"),
    "status": ("rollback status", "rollback status api search --json"),
    "check": ("rollback check", "rollback check api --notify"),
    "logs": ("rollback logs api -n 50", "rollback logs api --follow"),
    "evidence": ("rollback evidence api", "rollback evidence api --for 5m --json"),
    "keep": ("rollback keep api", "rollback keep --all"),
    "freeze": ("rollback freeze api --yes", 'rollback freeze api --reason "database migration"'),
    "unfreeze": ("rollback unfreeze api", "rollback unfreeze api --deploy-tip --watch"),
    "incidents": ("rollback incidents", "rollback incidents --json"),
    "resume": ("rollback resume", "rollback resume ID --close recovered"),
    "undo": ("rollback undo --plan", "rollback undo ID"),
    "postmortem": ("rollback postmortem ID", 'rollback postmortem ID --set root-cause "the cache kept every page"'),
    "handover": ("rollback handover", "rollback handover ID --json"),
    "replay": ("rollback replay ID", "rollback replay ID --speed 60"),
    "stats": ("rollback stats", "rollback stats --since 30d --openmetrics rollback.prom"),
    "drill": ("rollback drill dokku", "rollback drill dokku@host.example --yes --json"),
    "serve": ("rollback serve", "rollback serve --port 8080 --allow-changes"),
    "guard": ("rollback guard api -- git push dokku main", "rollback guard api --for 10m --json"),
    "abort": ("rollback abort api", "rollback abort api --yes"),
    "mcp": ("rollback mcp", "rollback mcp --services /etc/rollback/services.yaml"),
    "confirm": ("rollback confirm", "rollback confirm plan-0123abcd --watch"),
    "sandbox": ("rollback sandbox", "rollback sandbox --serve --scenario healthy"),
    "config": ("rollback config show", "rollback config schema > services.schema.json"),
    "help": ("rollback help quick", "rollback help services"),
    "completion": ('eval "$(rollback completion bash)"', "rollback completion fish | source"),
}
"""by command; `SERVICE` is that of a service's name"""


def text(command: str) -> str:
    """The examples as they stand at the end of a help."""
    return "examples:\n" + "\n".join(f"  {line}" for line in EXAMPLES[command])
