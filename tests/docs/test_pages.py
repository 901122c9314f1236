"""The pages keep up with the code: commands, rules, names, quoted lines."""

import doctest
import re
import shlex

import pytest
from diagrams import draw_network, draw_timestep
from docutils import nodes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from sourced import defining_lines, options, scripts, table
from spikefa.sims import mnist_spiking

import spikefa
from spikefa.equations.parameters import replace_parameters
from spikefa.experiments.settings import Settings, given_settings
from spikefa.learning.rules import RULES

LARGEST_FIGURE = 150_000


def pages(docs):
    made = {"_build", "gallery", "generated"}
    return [p for p in docs.rglob("*.rst") if not made & set(p.parts)]


def test_commands_are_known(docs):
    found = 0
    for page in [*pages(docs)]:
        for line in page.read_text().splitlines():
            match = re.match(r"\s*\$ python sims/mnist_spiking\.py(.*)", line)
            if match:
                found += 1
                words = shlex.split(match[1], comments=True)
                given_settings(mnist_spiking.build_parser().parse_args(words))
    assert found > 10


def test_options_of_the_front_page_are_known(docs):
    text = (docs.parent / "README.md").read_text(encoding="utf-8")
    rows = [line.split(" | ")[0] for line in text.splitlines() if line[:4] == "| `-"]
    known = mnist_spiking.build_parser().format_help()
    options = [option for row in rows for option in re.findall(r"--[a-z-]+", row)]
    assert len(rows) == 8
    assert [option for option in options if option not in known] == []


def test_the_error_of_the_tour(docs):
    with pytest.raises(spikefa.InputError) as caught:
        replace_parameters(spikefa.load_model(), {"tau_m": "0.6*mV"})
    assert f"error: {caught.value}\n" in (docs / "tour.rst").read_text()


def test_every_rule_has_a_section(docs):
    text = (docs / "rules.rst").read_text()
    assert set(re.findall(r"^\.\. _rule-(\w+):$", text, re.M)) == set(RULES)


def test_every_public_name_is_in_the_reference(docs):
    text = (docs / "api" / "index.rst").read_text()
    listed = set(re.findall(r"^   ([\w.]+)$", text, re.M))
    assert set(spikefa.__all__) - {"RULES"} <= listed
    for module in ("analysis", "datasets"):
        public = {
            f"{module}.{name}"
            for name in getattr(__import__(f"spikefa.{module}"), module).__all__
            if name.islower() and name not in spikefa.__all__
        }
        assert public <= listed


def test_quoted_names_are_defined(docs):
    found = 0
    for page in pages(docs):
        for quote in re.findall(r"^\.\. sourced:: (.*)$", page.read_text(), re.M):
            path, *names = quote.split()
            text = (page.parent / path).read_text()
            for name in names:
                found += 1
                first, last = defining_lines(text, name)
                assert name in text.splitlines()[first - 1]
                assert last >= first
    assert found > 20


def test_a_name_that_is_not_defined_is_refused():
    with pytest.raises(LookupError, match="psi"):
        defining_lines("phi = 1\n", "psi")


def test_programs_are_listed_with_what_they_do(docs):
    rows = dict(scripts(docs.parent / "sims"))
    assert rows["python sims/mnist_spiking.py"].startswith("Train a deep spiking")
    assert "python sims/__init__.py" not in rows
    assert all(rows.values())


def test_every_option_is_listed_with_what_it_is():
    parser = mnist_spiking.build_parser()
    groups = options(parser, Settings)
    rows = {row[0].split()[0]: row for rows in groups.values() for row in rows}
    assert all(explained for _, explained, _ in rows.values())
    known = {option for action in parser._actions for option in action.option_strings}
    assert rows.keys() == known - {"-h", "--help"}
    for name in ("--eta", "--layers", "--seed"):
        assert rows[name][2] == "must stay"
    assert rows["--epochs"][2] == "may change"
    assert rows["--runs"][2] == ""


def test_cells_say_what_they_are_where_there_are_no_columns():
    made = table(("", "Paper", "Here"), [("a", "", "2 %")], literal=None)
    what, paper, here = list(made.findall(nodes.row))[1]
    assert what.astext() == "a"
    assert paper["classes"] == ["empty"]
    assert here.astext() == "Here: 2 %"


@pytest.mark.parametrize("draw", [draw_network, draw_timestep])
def test_no_label_of_a_picture_is_cut_off(draw):
    figure = draw()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    width, height = canvas.get_width_height()
    for text in figure.axes[0].texts:
        box = text.get_window_extent()
        assert 0 <= box.x0 <= box.x1 <= width, text
        assert 0 <= box.y0 <= box.y1 <= height, text


def test_arithmetic_of_the_model_page(docs):
    result = doctest.testfile(str(docs / "model.rst"), module_relative=False)
    assert result.attempted >= 4
    assert result.failed == 0


def test_figures_are_small(docs):
    figures = list((docs / "figures").iterdir())
    assert figures
    assert all(figure.stat().st_size < LARGEST_FIGURE for figure in figures)
