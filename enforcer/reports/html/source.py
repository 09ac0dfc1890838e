"""The lines of source code that a finding is about: one block for each stretch of a file."""

from __future__ import annotations

from typing import NamedTuple

from enforcer.results.findings import Finding, Site

CHANGED = "changed"
STARTED = "started"
OBTAINED = "obtained"
BY_WAY_OF = "by way of"


class SourceLine(NamedTuple):
    """A line of a file; `mark` says what happened there, or is empty."""

    number: int
    text: str
    mark: str


class Block(NamedTuple):
    """Lines that follow each other, and where they are."""

    what: str
    file: str
    line: int
    function: str
    lines: tuple[SourceLine, ...]


def blocks(finding: Finding) -> list[Block]:
    """Where it was changed, by way of what, and where it was obtained; near each other they are one block."""
    done = STARTED if finding.rule.startswith("leaked-") else CHANGED
    sites = [(done, finding.site), (BY_WAY_OF, finding.core), (OBTAINED, finding.obtained)]
    made: list[Block] = []
    for mark, site in sites:
        if site is None or (mark == OBTAINED and site == finding.site):
            continue
        block = _block(mark, site)
        near = next((each for each in made if _meet(each, block)), None)
        if near is None:
            made.append(block)
        else:
            made[made.index(near)] = _joined(near, block)
    return made


def _block(mark: str, site: Site) -> Block:
    texts = dict(enumerate(site.context, site.context_start)) or {site.line: site.code}
    lines = [SourceLine(number, text, mark if number == site.line else "") for number, text in texts.items()]
    while len(lines) > 1 and not lines[-1].text and not lines[-1].mark:
        lines.pop()
    while len(lines) > 1 and not lines[0].text and not lines[0].mark:
        del lines[0]
    return Block(mark, site.file, site.line, site.function, tuple(lines))


def _meet(one: Block, other: Block) -> bool:
    numbers = [line.number for line in other.lines]
    return one.file == other.file and one.lines[0].number <= numbers[-1] + 1 and numbers[0] <= one.lines[-1].number + 1


def _joined(one: Block, other: Block) -> Block:
    lines = {line.number: line for line in other.lines}
    for line in one.lines:
        # A bare line has no indentation, and is only there where nobody knows better.
        known = lines.get(line.number, line)
        mark = " and ".join(dict.fromkeys(filter(None, (line.mark, known.mark))))
        lines[line.number] = SourceLine(line.number, max(line.text, known.text, key=len), mark)
    return one._replace(lines=tuple(lines[number] for number in sorted(lines)))
