"""`rollback completion bash|zsh|fish`: scripts made of the parsers' own tables; completing asks nothing."""

import argparse
import re

from tui.cli import command_parsers, output
from tui.cli.exits import Exit
from tui.cli.options import CommandOptions
from tui.model.command_words import COMMANDS

TARGETS = ("previous", "current", "release:", "tag:", "sha:", "image:")
Parsers = dict[str, argparse.ArgumentParser]
Table = dict[str, tuple[str, ...]]


def completion(wanted: CommandOptions) -> Exit:
    """The script for the shell that was named."""
    known = command_parsers.tables()
    script = {"bash": _bash, "zsh": _zsh, "fish": _fish}[wanted.topic or ""](known, _table(known))
    for line in script.splitlines():
        output.text(line)
    return Exit.DONE


def _table(known: Parsers) -> Table:
    """Every command with the words that may follow it: options, and what else is known beforehand."""
    from tui.cli.commands.explain import pages

    more: Table = {"SERVICE": TARGETS, "help": (*pages(), *COMMANDS)}
    found: Table = {}
    for name, parser in known.items():
        choices = [word for a in parser._actions if not a.option_strings for word in a.choices or ()]
        words = [word for a in parser._actions for word in a.option_strings]
        found[name] = (*more.get(name, ()), *choices, *words)
    return found


def _bash(known: Parsers, table: Table) -> str:
    cases = "\n".join(
        f'        {name}) words="{" ".join(words)}" ;;' for name, words in table.items() if name.islower()
    )
    return f"""\
# bash completion of rollback: eval "$(rollback completion bash)"
_rollback() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} first="" words="" one skip=""
    for one in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        if [[ -n $skip ]]; then skip=""; continue; fi
        case $one in
        {"|".join(_values(known))}) skip=1 ;;
        -*) ;;
        *) first=$one; break ;;
        esac
    done
    case $first in
        "") words="{" ".join(COMMANDS)} all --help --version" ;;
{cases}
        *) words="{" ".join(table["SERVICE"])}" ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    if [[ $first == "" || $word != -* ]]; then compopt -o bashdefault 2>/dev/null; fi
}}
complete -F _rollback rollback"""


def _zsh(known: Parsers, table: Table) -> str:
    cases = "\n".join(f"        {name}) words=({_quoted(words)}) ;;" for name, words in table.items() if name.islower())
    return f"""\
#compdef rollback
# zsh completion of rollback: eval "$(rollback completion zsh)" after compinit
_rollback() {{
    local -a words_before=("${{(@)words[2,CURRENT-1]}}")
    local first="" one skip=""
    for one in "${{(@)words_before}}"; do
        if [[ -n $skip ]]; then skip=""; continue; fi
        case $one in
        {"|".join(_values(known))}) skip=1 ;;
        -*) ;;
        *) first=$one; break ;;
        esac
    done
    local -a words
    case $first in
        "") words=({_quoted(COMMANDS)} all --help --version) ;;
{cases}
        *) words=({_quoted(table["SERVICE"])}) ;;
    esac
    compadd -a words
}}
compdef _rollback rollback"""


def _fish(known: Parsers, table: Table) -> str:
    commands = " ".join(COMMANDS)
    lines = [
        "# fish completion of rollback: rollback completion fish | source",
        "complete -c rollback -f",
        f"complete -c rollback -n 'not __fish_seen_subcommand_from {commands}' -a '{commands} all'",
    ]
    for name, parser in known.items():
        seen = f"__fish_seen_subcommand_from {name}"
        when = f"not __fish_seen_subcommand_from {commands}" if name == "SERVICE" else seen
        plain = [word for word in table[name] if not word.startswith("-")]
        if plain:
            lines.append(f"complete -c rollback -n '{when}' -a '{' '.join(plain)}'")
        lines += [
            f"complete -c rollback -n '{when}' {_fish_option(action)}"
            for action in parser._actions
            if action.option_strings
        ]
    return "\n".join(lines)


def _fish_option(action: argparse.Action) -> str:
    names = " ".join(f"-l {w[2:]}" if w.startswith("--") else f"-s {w[1:]}" for w in action.option_strings)
    needs = " -r" if _takes_value(action) else ""
    told = re.sub(r"\s+", " ", (action.help or "").replace("'", "’").replace("\\", "/"))
    return f"{names}{needs} -d '{told}'"


def _values(known: Parsers) -> list[str]:
    """The options whose next word is theirs, and no command."""
    every = {word for parser in known.values() for a in parser._actions if _takes_value(a) for word in a.option_strings}
    return sorted(every)


def _takes_value(action: argparse.Action) -> bool:
    return bool(action.option_strings) and action.nargs != 0 and action.nargs != "?"


def _quoted(words: tuple[str, ...]) -> str:
    return " ".join(f"'{word}'" for word in words)
