"""A stand-in for the Azure CLI, so that set-up scripts can be run: it notes its calls and answers from a table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PROGRAM = """#!{python}
import json, pathlib, sys
import jmespath

home = pathlib.Path({home!r})
words = sys.argv[1:]
with (home / "calls").open("a") as calls:
    calls.write(json.dumps(words) + "\\n")
options = dict(zip(words, words[1:]))
command = words[: next((at for at, word in enumerate(words) if word.startswith("-")), len(words))]
name = " ".join([*command, options["--url"]]) if command == ["rest"] else " ".join(command)
answers = json.loads((home / "answers").read_text())
if name not in answers:
    # Of az's calls here, these alone are read for what they print.
    if command == ["rest"] or "--query" in options:
        sys.exit(f"no answer to {{name}}")
    answers[name] = None
answer = answers[name]
if "--query" in options:
    answer = jmespath.search(options["--query"], answer)
for line in answer if isinstance(answer, list) else [answer]:
    print("" if line is None else line)
"""


class FakeAz:
    """``answers`` by the words of the command; of ``az rest``, with its address. Queries are applied as az does."""

    def __init__(self, home: Path, answers: Mapping[str, Any]) -> None:
        self._home = home
        (home / "answers").write_text(json.dumps(answers))
        program = home / "az"
        program.write_text(_PROGRAM.format(python=sys.executable, home=str(home)))
        program.chmod(0o755)

    def run(self, script: str, *arguments: str) -> str:
        """What the script printed. Raises AssertionError where it failed."""
        environment = {**os.environ, "PATH": f"{self._home}{os.pathsep}{os.environ['PATH']}"}
        result = subprocess.run(
            ["bash", "-s", "--", *arguments],
            input=script,
            text=True,
            capture_output=True,
            env=environment,
            cwd=self._home,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in (self._home / "calls").read_text().splitlines()]
