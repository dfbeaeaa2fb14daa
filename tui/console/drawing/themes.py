"""The looks of each theme. `terminal` takes the terminal's own sixteen colours on its own ground. The others bring
their ground along, so that what can be read does not depend on a terminal's settings. Without colour all are the same.

Contrast and, for `colour-blind`, the distance of the words of state under the common kinds of colour blindness are
computed in a test (`tests/console/test_themes.py`). Colours of `colour-blind` after Okabe and Ito.
"""

from tui.console.drawing.palette import TERMINAL, Theme


def _made(ground: str, text: str, dim: str, ok: str, warn: str, down: str, run: str, key: str, *more: str) -> Theme:
    """A theme of its own ground. `more`: the five colours of processes, then found, production, staging, sandbox."""
    process, (found, production, staging, sandbox) = more[:5], more[5:]
    looks = {
        "": "", "bold": "bold", "title": "", "choice": "", "chosen": "reverse bold", "band": "reverse",
        "typed": "underline",
        "dim": dim, "unknown": dim, "off": f"{dim} strike", "ok": ok, "warn": f"bold {warn}", "down": f"bold {down}",
        "danger": f"bold {down}", "down-text": down, "run": run, "focus": f"bold {key}", "key": f"bold {key}",
        "found": found, "band-production": f"bold {production}", "band-staging": staging,
        "band-sandbox": f"bold {sandbox}",
        **{f"process-{n}": colour for n, colour in enumerate(process)},
    }  # fmt: skip
    named = (dim, down, ok, warn, process[0], process[3], run, text)
    return Theme(looks={n: _on(look, ground, text) for n, look in looks.items()}, ground=ground, text=text, named=named)


def _on(look: str, ground: str, text: str) -> str:
    """The look with its colours complete."""
    coloured = "#" in look.partition(" on ")[0]
    whole = look if coloured else f"{look} {text}".strip()
    return whole if " on " in whole else f"{whole} on {ground}"


THEMES: dict[str, Theme] = {
    "terminal": TERMINAL,
    "light": _made(
        "#ffffff", "#1a1a1a", "#5c5c5c", "#0a6b1f", "#7a4a00", "#b00020", "#005f87", "#00507a",
        "#1f3fae", "#0a6b1f", "#005f87", "#8700af", "#7a4a00",
        "#000000 on #ffe08a", "#ffffff on #8700af", "#000000 on #ffd75f", "#000000 on #87d7ff",
    ),
    "high-contrast": _made(
        "#000000", "#ffffff", "#d0d0d0", "#5fff87", "#ffff5f", "#ff9c9c", "#5fffff", "#5fffff",
        "#87d7ff", "#5fff87", "#5fffff", "#ffafff", "#ffff5f",
        "#000000 on #ffff5f", "#000000 on #ffafff", "#000000 on #ffff5f", "#000000 on #5fffff",
    ),
    "colour-blind": _made(
        "#101010", "#f2f2f2", "#a8a8a8", "#56b4e9", "#f0e442", "#e8743b", "#ffffff", "#7cc8f2",
        "#56b4e9", "#f0e442", "#7cc8f2", "#e6a3c8", "#f2f2f2",
        "#000000 on #f0e442", "#000000 on #e6a3c8", "#000000 on #f0e442", "#000000 on #56b4e9",
    ),
}  # fmt: skip
