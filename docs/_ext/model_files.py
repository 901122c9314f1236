"""Tables about model files, from the code and from the files.

``.. model-table::`` lists every name that a model file may hold, as
`spikefa.equations.names` declares it, with its default in ``models/``.
``.. model-gallery:: examples/models`` shows the model files of a folder with what
`make_gallery.py` measured.
"""

import ast
import json
from pathlib import Path

from docutils.parsers.rst import Directive
from sourced import table
from sphinx.util.docutils import SphinxDirective

__all__ = ["gallery", "model_rows", "setup"]

#: Defaults that are no value of `models/`.
_UNGIVEN = {
    "method": "Brian2's choice",
    "initial": "see weight_range; 0",
    "mask": "all pairs",
    "precision": "single",
    "time": "0*ms",
}


def model_rows():
    """List every name of a model.

    Returns
    -------
    rows : list of (str, str, str, str, str)
        Name, kind, default, where it is used and meaning.
    """
    from spikefa import load_model
    from spikefa.equations.names import NAMES

    spiking, rate = load_model(), load_model(rate=True)
    rows = []
    for row in NAMES.values():
        name = row.name
        if row.layered:
            name += f", output_{row.layered}, layer_2_{row.layered}, ..."
        model = rate if row.network == "rate" else spiking
        where = row.where + (f" ({row.network} networks)" if row.network else "")
        rows.append((name, row.kind, _default(model, row), where, row.meaning))
    return rows


def _default(model, row):
    if row.name not in model:
        return _UNGIVEN.get(row.kind, "none")
    value = model.derivations.get(row.name, model[row.name])
    if row.kind in ("equations", "statements"):
        return model.origin[row.name] if value else "none"
    return str(value)


class ModelTable(Directive):
    """One row for each name that a model file may hold."""

    def run(self):
        header = ("name", "kind", "default", "where", "meaning")
        return [table(header, model_rows())]


def gallery(folder):
    """List the model files of a folder and what was measured with them.

    Parameters
    ----------
    folder : pathlib.Path
        With a file ``gallery.json``.

    Returns
    -------
    rows : list of dict
        ``file``, ``title``, ``command`` and ``test_error_percent``.
    """
    measured = json.loads((folder / "gallery.json").read_text(encoding="utf-8"))
    for row in measured:
        text = (folder / row["file"]).read_text(encoding="utf-8")
        row["title"] = ast.get_docstring(ast.parse(text)).partition("\n")[0]
    return measured


class ModelGallery(SphinxDirective):
    """A section for each model file: title, source, command, error and figure."""

    required_arguments = 1

    def run(self):
        path, absolute = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(f"{path}/gallery.json")
        rows = gallery(Path(absolute))
        header = ("file", "what", "test error")
        shown = [
            (row["file"], row["title"], f"{row['test_error_percent']:.1f} %")
            for row in rows
        ]
        lines = []
        for row in rows:
            name = row["file"].removesuffix(".py")
            lines += [
                f".. literalinclude:: {self.arguments[0]}/{row['file']}",
                f"   :caption: {row['title']}",
                "",
                ".. code-block:: console",
                "",
                f"   $ {row['command']}",
                "",
                f".. figure:: figures/models/{name}.png",
                f"   :alt: {row['title']}",
                "",
                f"   Test error {row['test_error_percent']:.1f} % after "
                f"{row['images']} images.",
                "",
            ]
        return [table(header, shown), *self.parse_text_to_nodes("\n".join(lines))]


def setup(app):
    app.add_directive("model-table", ModelTable)
    app.add_directive("model-gallery", ModelGallery)
    return {"parallel_read_safe": True}
