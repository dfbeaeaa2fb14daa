"""What hosts said of apps that other builders built. Recorded on Dokku 0.35.15 and 0.38.27, 2026-11-28."""


def report(of: str, *rows: tuple[str, str]) -> str:
    """A report's text as hosts print it: labels and values in columns, padded with blanks."""
    return f"=====> {of} information\n" + "".join(f"       {f'{label}:':<31}{value:<25}\n" for label, value in rows)


BUILDPACKS = report(
    "b-hk buildpacks",
    ("Buildpacks computed stack", "gliderlabs/herokuish:latest-24"),
    ("Buildpacks global stack", ""),
    ("Buildpacks list", ""),
    ("Buildpacks stack", ""),
)
"""both versions"""


def git_report(image: str, updated: int) -> str:
    """`git:report` of 0.35.15 after `git:from-image b-fi team/fi:1.0.0`, with these two values."""
    return report(
        "b-fi git",
        ("Git deploy branch", "master"),
        ("Git global deploy branch", "master"),
        ("Git keep git dir", "false"),
        ("Git rev env var", "GIT_REV"),
        ("Git sha", "90050b844dd947a9b32229d630e397899fde1841"),
        ("Git source image", image),
        ("Git last updated at", str(updated)),
    )


GIT_IMAGE = git_report("team/fi:1.0.0", 1795871569)
"""begun at 1795871568, ended 30 s later"""
GIT_ARCHIVE = git_report("", 1795873255)
"""after `git:from-archive`, begun at 1795873249, ended 154 s later (loaded)"""

CONTAINERS = {
    "herokuish": (
        "/start",
        {"com.dokku.builder-type": "herokuish", "com.dokku.predeploy-phase": "true"},
    ),
    "herokuish, back": ("/start", {"com.dokku.builder-type": "dockerfile", "com.dokku.predeploy-phase": "true"}),
    "pack": ("/cnb/process/web", {"com.dokku.builder-type": "pack", "io.buildpacks.stack.id": "lab.stack"}),
    "pack, worker": ("launcher", {"com.dokku.builder-type": "pack", "io.buildpacks.stack.id": "lab.stack"}),
    "pack, back": ("/cnb/process/web", {"com.dokku.builder-type": "dockerfile", "io.buildpacks.stack.id": "lab.stack"}),
    "nixpacks, 0.35": ("/usr/local/bin/entrypoint", {"com.dokku.builder-type": "dockerfile"}),
    "nixpacks, 0.38": ("/usr/local/bin/entrypoint", {"com.dokku.builder-type": "nixpacks"}),
    "railpack": ("/app/server", {"com.dokku.builder-type": "railpack"}),
    "dockerfile": ("/app/server", {"com.dokku.builder-type": "dockerfile"}),
}
"""`ps:inspect`: Path, and the labels that count"""
