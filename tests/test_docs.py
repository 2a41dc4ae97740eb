"""The README and the tutorial do what they say: their commands and their code are executed, in order."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from proofs_check.cli import main

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.M | re.S)
EXECUTED = [
    "README.md",
    "docs/cluster.md",
    "docs/tutorial.md",
    "docs/instances.md",
    "docs/falsify.md",
    "docs/files.md",
    "docs/figures.md",
    "docs/grading.md",
    "docs/testing.md",
]


def blocks(path: Path) -> list[tuple[int, str, str]]:
    """(line, language, content) of the executable blocks of a page."""
    text = path.read_text(encoding="utf-8")
    return [(text.count("\n", 0, m.start()) + 1, m[1], m[2]) for m in BLOCK.finditer(text)]


def run_command(line: str, place: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A command as the console entry point runs it; a comment may name another exit code than 0, and the message."""
    command, _, comment = line.partition("#")
    expected = re.search(r"exit code (\d)(?:: (.*))?", comment)
    arguments = shlex.split(command)
    assert arguments[0] == "regretlab", f"{place}: {line}"
    monkeypatch.setattr(sys, "argv", arguments)
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        main()
    shown = capsys.readouterr()
    code = int(expected[1]) if expected else 0
    assert (end.value.code or 0) == code, f"{place}: {line}\n{shown.out}{shown.err}"
    if expected and expected[2]:
        assert expected[2] in shown.err, f"{place}: {line}\n{shown.err}"


@pytest.mark.parametrize("page", EXECUTED)
def test_a_page_does_what_it_says(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("REGRETLAB_STORE", str(tmp_path / "store"))
    found = blocks(ROOT / page)
    assert found, f"{page} has no executable block"
    namespace: dict[str, object] = {"__name__": "page"}
    for line, language, content in found:
        place = f"{page}, line {line}"
        if language == "console":
            for command in content.splitlines():
                assert command.startswith("$ "), f"{place}: {command!r} is no command"
                run_command(command[2:], place, monkeypatch, capsys)
        elif saved := re.match(r"# (\w+\.py)\n", content):
            Path(saved[1]).write_text(content, encoding="utf-8")
        else:
            exec(compile("\n" * line + content, str(ROOT / page), "exec"), namespace)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, anchor = target.partition("#")
        if "://" in target:
            continue
        aim = (path.parent / file).resolve() if file else path
        assert aim.exists(), f"{path.relative_to(ROOT)} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", aim.read_text(encoding="utf-8"), re.M)
            slugs = {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
            assert anchor in slugs, f"{path.relative_to(ROOT)} links to {target}"


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "index.md" or f"({page.name})" in index, page.name


def test_pages_name_modules_that_exist():
    for path in PAGES:
        for named in re.findall(r"`((?:theory|kernels|bandits|mdps|proofs_check|figures|regretlab|tests)/[\w/.]*)`",
                                path.read_text(encoding="utf-8")):  # fmt: skip
            example = "my_paper" in named  # the page on contributing names files that a reader is to write
            assert example or (ROOT / named).exists(), f"{path.relative_to(ROOT)} names {named}"
