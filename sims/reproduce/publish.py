"""The table of the results of all parts, and small copies for the docs."""

import json
from pathlib import Path

from PIL import Image
from spikefa.sims.reproduce.parts import ROOT
from spikefa.sims.reproduce.rows import rows_of
from spikefa.sims.reproduce.table import update_table, write_table

from spikefa.analysis import LearningCurve
from spikefa.figures import plot_rules, save_figure
from spikefa.files import replacing

__all__ = ["publish", "save_small_copy", "small_results", "write_results"]

#: Figures of which each part is a training of one kind: too many to be published.
_MANY = ("rules", "removed", "choices")


def write_results(parts, out, whole):
    """Write ``results.md``, ``results.json`` and, if there are any, ``rules.png``.

    Parameters
    ----------
    parts : list of Part
        Have finished.
    out : pathlib.Path
    whole : bool
        Whether these are all parts, in full size.

    Returns
    -------
    rows : list of Row
    """
    rules = {part.folder.name: part.results for part in parts if part.figure == "rules"}
    if rules:
        save_figure(plot_rules(rules), out / "rules.png")
    rows = []
    for part in parts:
        command = f"python sims/{part.settings}"
        rows += rows_of(part.figure, part.folder.name, part.results, command)
    write_table(rows, out, whole)
    return rows


def publish(parts, rows, out, folder, *, whole, quick):
    """Write small copies of figures and results to a folder, and rows of its table.

    Parameters
    ----------
    parts, rows, out, whole
        See `write_results`.
    folder : pathlib.Path
    quick : bool
        Whether the results are those of ``--quick``, which are not for the table.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if whole:
        write_table(rows, folder, whole)
    elif not quick:  # first, as a table that cannot be read is refused
        update_table(rows, folder)
    for part in parts:
        name = part.folder.name
        if part.figure not in _MANY:
            save_small_copy(part.folder / "figure.png", folder / f"{name}.png")
        with replacing(folder / f"{name}.json", "w") as file:
            json.dump(small_results(part.results), file)
            file.write("\n")
    if any(part.figure == "rules" for part in parts):
        save_small_copy(out / "rules.png", folder / "rules.png")


def save_small_copy(source, target, width=1080, colors=200):
    """Write a small copy of a figure, for a page or a repository.

    Parameters
    ----------
    source, target : pathlib.Path
        PNG files.
    width : int
        Largest width in pixels.
    colors : int
        Number of colors that are left.
    """
    with Image.open(source) as image:
        small = image.convert("RGB")
    small.thumbnail((width, small.height), Image.Resampling.LANCZOS)
    with replacing(target) as file:
        # The octree keeps the colors of thin lines, median cut does not.
        small.quantize(
            colors, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        ).save(file, "PNG", optimize=True)


def small_results(found):
    """Leave out points that were not tested, and where the model file was.

    The points are what makes a ``results.json`` large, and the whole path of a file is
    of no use on other machines.

    Parameters
    ----------
    found : dict

    Returns
    -------
    found : dict
    """
    small = dict(found)
    model = found.get("model")
    if model and Path(model).is_relative_to(ROOT):
        small["model"] = Path(model).relative_to(ROOT).as_posix()
    elif model and Path(model).is_absolute():
        small["model"] = Path(model).name
    if "learning_curve" not in found:
        return small
    curve = found["learning_curve"]
    small["learning_curve"] = [
        point for point in curve if LearningCurve.from_json([point]).tested
    ]
    if "sem" in found:
        small["sem"] = {k: v for k, v in found["sem"].items() if k != "learning_curve"}
    return small
