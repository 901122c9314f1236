"""Pages that quote the source, so that no formula or table is written twice.

``.. sourced:: ../models/psp.py tau spike`` is ``literalinclude`` with the lines that
define ``tau`` and ``spike``; a name that is not there is a warning, and the build
fails. ``.. rule-table::`` lists the learning rules, ``.. option-table::`` the options
of ``mnist_spiking.py``, ``.. script-table::`` the programs in ``sims/``,
``.. results-table:: results.json`` what `reproduce_all.py` published.
"""

import ast
import json
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.directives.code import LiteralInclude
from sphinx.util.docutils import SphinxDirective

__all__ = ["defining_lines", "options", "scripts", "setup", "table"]


def defining_lines(text, name):
    """Find the first and the last line of what defines a top-level name.

    Parameters
    ----------
    text : str
        Python source.
    name : str

    Returns
    -------
    first, last : int
        Counted from 1.

    Raises
    ------
    LookupError
        If nothing of this name is defined.
    """
    for node in ast.parse(text).body:
        targets = getattr(node, "targets", [getattr(node, "target", node)])
        names = {getattr(t, "id", getattr(t, "name", None)) for t in targets}
        if name in names:
            return node.lineno, node.end_lineno
    raise LookupError(name)


class Sourced(LiteralInclude):
    """Show where names are defined: the file, then the names."""

    final_argument_whitespace = True

    def run(self):
        self.options.setdefault("language", "python")
        path, *names = self.arguments[0].split()
        _, absolute = self.env.relfn2path(path)
        text = Path(absolute).read_text(encoding="utf-8")
        try:
            spans = [defining_lines(text, name) for name in names]
        except LookupError as exc:
            return [
                self.state.document.reporter.warning(
                    f"{path} does not define {exc}", line=self.lineno
                )
            ]
        self.arguments = [path]
        self.options["lines"] = ",".join(f"{a}-{b}" for a, b in spans)
        shown = Path(absolute).relative_to(Path(self.env.srcdir).parent)
        self.options.setdefault("caption", str(shown))
        return super().run()


class RuleTable(Directive):
    """One row for each learning rule, as `spikefa.learning.rules` declares it."""

    def run(self):
        from spikefa.learning.rules import RULES

        rows = [(f"--rule {r.name}", r.title, r.reference) for r in RULES.values()]
        return [table(("command line", "rule", "reference"), rows)]


def options(parser, settings):
    """List the options of a parser, group by group.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    settings : type
        Declares options, see `spikefa.experiments.declaration`.

    Returns
    -------
    groups : dict of list of (str, str, str)
        By title: the option as it is typed, what it is, and whether a resumed run may
        be given another value.
    """
    from spikefa.experiments.declaration import declared

    known, formatter, groups = declared(settings), parser.formatter_class(""), {}
    for group in parser._action_groups:
        groups[group.title] = [
            (
                formatter._format_action_invocation(action),
                (action.help or "") % {"default": action.default},
                known[action.dest].on_resume if action.dest in known else "",
            )
            for action in group._group_actions
            if action.dest != "help"
        ]
    return {title: rows for title, rows in groups.items() if rows}


class OptionTable(Directive):
    """A table of each group of options of ``sims/mnist_spiking.py``."""

    def run(self):
        from spikefa.sims.mnist_spiking import build_parser

        from spikefa.experiments.settings import Settings

        made, header = [], ("option", "what it is", "with --resume")
        for title, rows in options(build_parser(), Settings).items():
            made += [nodes.rubric("", title.capitalize()), table(header, rows)]
        return made


def scripts(folder):
    """List the programs in a folder.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    rows : list of (str, str)
        Command, and the first line of its docstring without full stop and marks.
    """
    rows = []
    for path in sorted(folder.rglob("*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        if 'if __name__ == "__main__"' in ast.unparse(module).replace("'", '"'):
            title = (ast.get_docstring(module) or "").partition("\n")[0]
            title = title.rstrip(".").replace("`", "")
            place = path.relative_to(folder.parent).as_posix()
            rows.append((f"python {place}", title))
    return rows


class ScriptTable(SphinxDirective):
    """One row for each program in ``sims/``."""

    def run(self):
        folder = Path(self.env.srcdir).parent / "sims"
        for path in folder.rglob("*.py"):
            self.env.note_dependency(str(path))
        return [table(("command", "what it does"), scripts(folder))]


class ResultsTable(SphinxDirective):
    """A card for each figure in a file that ``reproduce_all.py --publish`` wrote.

    A card has a row for each result, and below them the commands.
    """

    required_arguments = 1

    def run(self):
        path, absolute = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(path)
        try:
            published = json.loads(Path(absolute).read_text(encoding="utf-8"))
        except (OSError, ValueError) as exc:
            return [self.state.document.reporter.warning(str(exc), line=self.lineno)]
        cards = {}
        for row in published:
            cards.setdefault(row["figure"], []).append(row)
        return [_card(figure, rows) for figure, rows in cards.items()]


#: Columns of a card, if there is something in them.
_COLUMNS = {
    "what": "",
    "paper": "Paper",
    "at_the_papers_constants": "Here, at the paper's constants",
    "at_our_best": "Here, at our best",
    "constants": "Constants",
    "seeds": "Seeds",
    "passes": "Passes",
}


#: The sign of an exponent, where a line must not end.
_UNBROKEN = re.compile(r"(?<=\de)-(?=\d)")


def _card(figure, rows):
    """Make the results of a figure a box that is as wide as the page."""
    title = f"Figure {figure}" if figure[:1].isdigit() else figure.strip("()")
    title = title[:1].upper() + title[1:] or "Other runs"
    card = nodes.container(classes=["result-card"])
    card += nodes.paragraph("", title, classes=["result-title"])
    columns = {key: head for key, head in _COLUMNS.items() if any(r[key] for r in rows)}
    cells = [
        [_UNBROKEN.sub("\N{NON-BREAKING HYPHEN}", row[k]) for k in columns]
        for row in rows
    ]
    card += table(tuple(columns.values()), cells, literal=None)
    commands = "\n".join(dict.fromkeys(r["command"] for r in rows if r["command"]))
    if commands:
        card += nodes.literal_block(commands, commands, language="sh")
    return card


def table(header, rows, literal=0):
    """Make a table, of which one column is what to type.

    For screens too narrow for columns, cells say what they are; see ``spikefa.css``.
    """
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in header))
    group["cols"] = len(header)
    head, body = nodes.thead(), nodes.tbody()
    head += nodes.row("", *(_cell(nodes.Text(text)) for text in header))
    for row in rows:
        cells = [
            _cell(
                nodes.literal("", text) if number == literal else nodes.Text(text),
                label=title if number and len(header) > 2 else "",
            )
            if text
            else nodes.entry("", classes=["empty"])
            for number, (title, text) in enumerate(zip(header, row, strict=True))
        ]
        body += nodes.row("", *cells)
    group += [head, body]
    return nodes.table("", group, classes=["stacked"])


def _cell(content, label=""):
    paragraph = nodes.paragraph()
    if label:
        paragraph += nodes.inline("", f"{label}: ", classes=["cell-label"])
    paragraph += content
    return nodes.entry("", paragraph)


def setup(app):
    app.add_directive("sourced", Sourced)
    app.add_directive("rule-table", RuleTable)
    app.add_directive("option-table", OptionTable)
    app.add_directive("script-table", ScriptTable)
    app.add_directive("results-table", ResultsTable)
    return {"parallel_read_safe": True}
