"""The table of results: its columns, and its rows by the commands that made them."""

import json
from dataclasses import dataclass

from spikefa.errors import InputError
from spikefa.files import replacing

__all__ = ["PAPERS", "Row", "update_table", "write_table"]

#: Constants of rows that are the paper's as far as it states them.
PAPERS = "the paper's"


@dataclass(frozen=True)
class Row:
    """A line of the table of results.

    Parameters
    ----------
    figure, what : str
    paper, ours : str
        The paper's number, and that of our run.
    constants : str
        Of our run: begins with `PAPERS`, or names what is not the paper's.
    seeds, passes : str
    hours : float or None
        That all runs of the command took, on however many cores.
    command : str
    """

    figure: str
    what: str
    paper: str
    ours: str
    constants: str
    seeds: str
    passes: str = ""
    hours: float | None = None
    command: str = ""

    @property
    def cells(self):
        """What the table shows, by the names in its JSON file."""
        papers = self.constants.startswith(PAPERS)
        return {
            "figure": self.figure,
            "what": self.what,
            "paper": self.paper,
            "at_the_papers_constants": self.ours if papers else "",
            "at_our_best": "" if papers else self.ours,
            "constants": self.constants,
            "seeds": self.seeds,
            "passes": self.passes,
            "hours": "" if self.hours is None else f"{self.hours:.2g}",
            "command": self.command,
        }


#: What is for those who have the files.
_NOT_RUN = Row(
    "(SVHN)",
    "1024-1000-10 on SVHN",
    "",
    "not run, the data are not here",
    "eta = 0.1 (bp), 0.03 (fa)",
    "",
    command="python sims/mnist_rate.py --dataset svhn --data DIR",
)


#: Heads of the columns, in the order of `Row.cells`.
_HEADER = (
    *("Figure", "What", "Paper", "Here, at the paper's constants"),
    *("Here, at our best", "Constants", "Seeds", "Passes", "Hours", "Command"),
)


def write_table(rows, folder, whole=False):
    """Write ``results.md`` and ``results.json``.

    Parameters
    ----------
    rows : list of Row
    folder : pathlib.Path
    whole : bool, optional
        Whether it has all figures; then also what could not be run.
    """
    rows = [*rows, _NOT_RUN] if whole else rows
    _write([row.cells for row in rows], folder)


def update_table(rows, folder):
    """Write rows to the table of a folder, in the place of those of the same commands.

    Rows of a new command go after the others of their figure, or to the end, where
    nothing but what could not be run comes after them.

    Parameters
    ----------
    rows : list of Row
    folder : pathlib.Path

    Raises
    ------
    InputError
        If the table of the folder cannot be read.
    """
    path = folder / "results.json"
    try:
        blocks = _by_command(json.loads(path.read_text()))
    except FileNotFoundError:
        blocks = []
    except ValueError as exc:
        raise InputError(f"{path}: {exc}") from None
    for block in _by_command([row.cells for row in rows]):
        end = len(blocks) - (blocks[-1:] == [[_NOT_RUN.cells]])
        figure, command = block[0]["figure"], block[0]["command"]
        same = [n for n, old in enumerate(blocks) if old[0]["command"] == command]
        others = [n for n, old in enumerate(blocks) if old[0]["figure"] == figure]
        place = same[0] if same else others[-1] + 1 if others else end
        blocks[place : place + len(same)] = [block]
    _write([cells for block in blocks for cells in block], folder)


def _by_command(table):
    """Divide rows, of which the first of each command names it."""
    blocks = []
    for cells in table:
        if cells["command"] or not blocks:
            blocks.append([])
        blocks[-1].append(cells)
    return blocks


def _write(table, folder):
    lines = [_HEADER, ["---"] * len(_HEADER), *(cells.values() for cells in table)]
    with replacing(folder / "results.md", "w") as file:
        file.writelines(f"| {' | '.join(line)} |\n" for line in lines)
    with replacing(folder / "results.json", "w") as file:
        json.dump(table, file, indent=2, ensure_ascii=False)
        file.write("\n")
