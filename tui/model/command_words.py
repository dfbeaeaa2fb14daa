"""The words that are commands and therefore no names of services."""

COMMANDS = (
    "init", "status", "logs", "evidence", "check", "keep", "freeze", "unfreeze", "incidents", "resume", "undo",
    "postmortem", "handover", "replay", "stats", "drill", "guard", "abort", "serve", "sandbox", "config", "help",
    "completion", "mcp", "confirm",
)  # fmt: skip
