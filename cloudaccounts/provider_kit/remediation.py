"""Fills in the commands and snippets of checks, so that they can be pasted: quoted, and for one resource.

A template holds placeholders in angle brackets (``aws s3api … --bucket <bucket>``). What the resource tells is filled
in; what a person has to choose (``<your-network>``) stays, quoted, so that a shell does not take it for a redirection.
Names come from the cloud, so from whoever may create a resource there: each is quoted whole. One that no quoting makes
harmless to read or to run (control characters, text that turns direction, a leading dash) is left to the person too.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from cloudaccounts.contract.rules import PostureCheck, Remediation

PLACEHOLDER = re.compile(r"<([a-z][a-z0-9 -]*)>")
Values = Mapping[str, str]  # placeholder without its brackets to the resource's value

# One piece of a shell line: a comment up to the end of its line, a quoted text, the end of a command, or anything else.
# Enough of a shell's grammar for our own templates. It is no parser for commands of others.
_PIECE = re.compile(
    r"""(?P<comment>(?<![^\s;])\#[^\n]*)|(?P<quoted>'[^']*'|"[^"]*")|(?P<end>;|\n|&&|\|\|?)|(?P<plain>.)"""
)
_TERRAFORM_QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*"')


@dataclass(frozen=True, slots=True)
class Scope:
    """How a tool is told where to act: ``words`` go behind the tool's name, or to the end where ``at_end``.

    ``unless`` matches commands that say it themselves, or cannot be told.
    """

    tool: str
    words: str
    unless: re.Pattern[str]
    at_end: bool = False


def remediation(check: PostureCheck, values: Values, scope: Scope | None = None) -> Remediation:
    usable = {name: value for name, value in values.items() if _is_usable(value)}
    return Remediation(
        cli=fill_command(_scoped(check.command, scope) if scope else check.command, usable),
        terraform=fill_terraform(check.terraform, usable) or None,
    )


def with_snippets(snippets: Mapping[str, str], *checks: PostureCheck) -> tuple[PostureCheck, ...]:
    """The checks, each with its Terraform snippet by its id. Raises ValueError where a snippet is of no check."""
    if unknown := snippets.keys() - {check.id for check in checks}:
        raise ValueError(f"Snippets of no check: {', '.join(sorted(unknown))}")
    return tuple(replace(check, terraform=snippets.get(check.id, check.terraform)) for check in checks)


def placeholders(template: str) -> list[str]:
    return list(dict.fromkeys(PLACEHOLDER.findall(template)))


def fill_command(template: str, values: Values) -> str:
    """For a POSIX shell. Nothing is filled in within quotes and comments, where quoting would mean something else."""

    def fill(match: re.Match[str]) -> str:
        return shlex.quote(values.get(match[1], match[0]))

    return "".join(PLACEHOLDER.sub(fill, text) if kind == "plain" else text for kind, text in _pieces(template))


def fill_terraform(template: str, values: Values) -> str:
    """For HCL, where each placeholder becomes a quoted string."""

    def fill(match: re.Match[str]) -> str:
        return hcl_quote(values.get(match[1], match[0]))

    ends = [0]
    result = []
    for quoted in _TERRAFORM_QUOTED.finditer(template):
        result += [PLACEHOLDER.sub(fill, template[ends[-1] : quoted.start()]), quoted[0]]
        ends.append(quoted.end())
    return "".join((*result, PLACEHOLDER.sub(fill, template[ends[-1] :])))


def hcl_quote(value: str) -> str:
    """A string literal without a template: https://developer.hashicorp.com/terraform/language/expressions/strings"""
    escaped = (
        value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    )
    return f'"{escaped.replace("${", "$${").replace("%{", "%%{")}"'


def _is_usable(value: str) -> bool:
    # A value that begins with a dash would be an option to most tools, quoted or not.
    return 0 < len(value) <= 2048 and not value.startswith("-") and all(map(_is_plain, value))


def _is_plain(char: str) -> bool:
    """Not what moves the cursor, ends a line or turns the direction of text: the reader would see another command."""
    return char == " " or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}


def _pieces(template: str) -> Iterator[tuple[str, str]]:
    """Kind and text; plain characters that follow each other are one piece."""
    plain = ""
    for match in _PIECE.finditer(template):
        if match.lastgroup == "plain":
            plain += match[0]
            continue
        if plain:
            yield "plain", plain
            plain = ""
        yield str(match.lastgroup), match[0]
    if plain:
        yield "plain", plain


def _scoped(template: str, scope: Scope) -> str:
    return _each_command(template, lambda command: _with_scope(command, scope))


def _with_scope(command: str, scope: Scope) -> str:
    # White space around it stays, so that the commands of a script keep their lines.
    bare = command.strip()
    if not bare.startswith(f"{scope.tool} ") or scope.unless.search(bare):
        return command
    rest = bare[len(scope.tool) :]
    scoped = f"{bare} {scope.words}" if scope.at_end else f"{scope.tool} {scope.words}{rest}"
    return command.replace(bare, scoped, 1)


def _each_command(template: str, change: Callable[[str], str]) -> str:
    result, command = "", ""
    for kind, text in (*_pieces(template), ("end", "")):
        if kind in {"end", "comment"}:
            result, command = result + change(command) + text, ""
        else:
            command += text
    return result
