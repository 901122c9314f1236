"""The plan of the house, read from the imports of the source.

``.. house-diagram::`` draws each room on the floor above all that it imports. The same
reading is what ``tests/house`` holds against the table of what may import what.
"""

import ast
from pathlib import Path

from diagrams import Diagram

__all__ = ["draw_house", "floors", "imported_rooms", "rooms", "setup"]

ROOT = Path(__file__).parents[2]

_LINE, _BOX, _FILE = "#999999", "#0072b2", "#d55e00"


def rooms():
    """List each source file with the name of its room.

    Returns
    -------
    pairs : list of (pathlib.Path, str)
        A room is a folder or a file of ``spikefa/``, or ``models/``, or ``sims/``.
    """
    found = []
    for path in sorted((ROOT / "spikefa").rglob("*.py")):
        inside = path.relative_to(ROOT / "spikefa")
        if len(inside.parts) > 1 or inside.stem != "__init__":
            found.append((path, inside.parts[0].removesuffix(".py")))
    for folder in ("models", "sims"):
        found += [(path, folder) for path in sorted((ROOT / folder).rglob("*.py"))]
    return found


def imported_rooms(path, room, known):
    """List the rooms that a file imports from, other than its own.

    Imports inside functions count.

    Parameters
    ----------
    path : pathlib.Path
    room : str
    known : collection of str
        Names of rooms; ``from spikefa import`` anything else is the room ``spikefa``,
        the package's face.

    Returns
    -------
    names : set of str

    Raises
    ------
    ValueError
        If an import leaves the package.
    """
    depth = len(path.relative_to(ROOT).parts) - 1
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            parts = (node.module or "").split(".")
            if node.level > depth:
                raise ValueError(f"{path}:{node.lineno} leaves the package")
            if node.level:
                if node.level == depth:  # the folder of the package itself
                    found |= {parts[0]} if node.module else {a.name for a in node.names}
                continue
            names = [".".join(parts)]
            if parts == ["spikefa"]:
                names = [f"spikefa.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            if package == "spikefa":
                first = rest.partition(".")[0]
                found.add(first if first in known else "spikefa")
    return found - {room}


def plan():
    """Find what each room imports.

    Returns
    -------
    imports : dict of set of str
    """
    pairs = rooms()
    known = {room for _, room in pairs}
    imports = {room: set() for room in known}
    for path, room in pairs:
        imports[room] |= imported_rooms(path, room, known) & known
    # Loaded by name, see `spikefa.equations.model`.
    imports["equations"].add("models")
    return imports


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
