"""The picture of the house, read from the imports of the source.

``.. house-diagram::`` draws each room on the floor above all that it imports. What a
room may import is in ``.importlinter``.
"""

import sys
from pathlib import Path

import grimp
from diagrams import Diagram

__all__ = ["draw_house", "floors", "plan", "setup"]

ROOT = Path(__file__).parents[2]

_LINE, _BOX, _FILE = "#999999", "#0072b2", "#d55e00"


def plan():
    """Find what each room imports.

    Returns
    -------
    imports : dict of set of str
        A room is a folder or a file of ``spikefa/``, or ``models/``, or ``sims/``.
    """
    sys.path.insert(0, str(ROOT))
    try:
        graph = grimp.build_graph("spikefa", "sims", "models", cache_dir=None)
    finally:
        sys.path.remove(str(ROOT))
    imports = {room: set() for module in graph.modules if (room := _room(module))}
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            if _room(module) and _room(imported) not in (None, _room(module)):
                imports[_room(module)].add(_room(imported))
    # Loaded by name, see `spikefa.equations.model`.
    imports["equations"].add("models")
    return imports


def _room(module):
    """Name the room of a module; None for the package's face."""
    first, _, rest = module.partition(".")
    return (rest.partition(".")[0] or None) if first == "spikefa" else first


def floors(imports):
    """Put each room on the floor above all that it imports.

    Returns
    -------
    floor : dict of int
        From 0, the ground.
    """
    floor = {}

    def of(room):
        if room not in floor:
            floor[room] = 1 + max((of(other) for other in imports[room]), default=-1)
        return floor[room]

    for room in imports:
        of(room)
    return floor


def draw_house():
    """Draw the rooms on their floors, with the imports that no others imply.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    imports = plan()
    floor, reach = floors(imports), {}
    for room in sorted(imports, key=floor.get):
        below = [reach[other] for other in imports[room]]
        reach[room] = imports[room].union(*below)
    figure = Figure(figsize=(8, 5.4))
    axes = figure.add_axes((0, 0, 1, 1))
    place = {}
    for level in range(max(floor.values()) + 1):
        there = sorted(room for room in imports if floor[room] == level)
        for number, room in enumerate(there):
            aside = 0.3 * (-1) ** level  # else lines would run through rooms
            place[room] = (number - (len(there) - 1) / 2 + aside, level)
    for room, others in imports.items():
        for other in others:
            if not any(other in reach[o] for o in others if o != other):
                (x0, y0), (x1, y1) = place[room], place[other]
                axes.plot((x0, x1), (y0, y1), color=_LINE, lw=1, zorder=1)
    for room, (x, y) in place.items():
        folder = (ROOT / "spikefa" / room).is_dir() or room in ("models", "sims")
        box = {"boxstyle": "round", "fc": "white", "ec": _BOX if folder else _FILE}
        name = f"{room}/" if folder else f"{room}.py"
        axes.text(x, y, name, ha="center", va="center", bbox=box, fontsize=11)
    widest = max(abs(x) for x, _ in place.values())
    axes.set(xlim=(-widest - 0.6, widest + 0.6), ylim=(-0.5, max(floor.values()) + 0.5))
    axes.axis("off")
    return figure


class HouseDiagram(Diagram):
    """The rooms and what they import."""

    draw = staticmethod(draw_house)


def setup(app):
    app.add_directive("house-diagram", HouseDiagram)
