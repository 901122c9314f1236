"""Sphinx configuration; build with ``sphinx-build -W -b html docs docs/_build``."""

import inspect
import sys
from importlib.metadata import version as package_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "spikefa"
author = "The spikefa developers"
copyright = f"2026, {author}"
version = release = package_version("spikefa")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # MathJax itself, so that pages need no network
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "model_files",
    "time_step",
    "diagrams",
    "house",
    "sourced",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_templates", "examples", "gallery/*.py*"]
default_role = "py:obj"
# Two marks that are used throughout: what the paper states, and what we filled in.
rst_prolog = """
.. role:: paper
   :class: badge-paper
.. role:: reconstructed
   :class: badge-reconstructed
"""

autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    # What takes seconds and needs no compiler; the others are only shown.
    "filename_pattern": r"/(alignment|rate|route|rule|session)\.py",
    "ignore_pattern": r"^lif\.py",  # a model file
    "notebook_extensions": set(),
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
    "min_reported_time": 1e9,
    "reset_modules": ("matplotlib", "gallery_style.use_style"),
    "reset_modules_order": "both",
    "remove_config_comments": True,
    "abort_on_example_error": True,
}

html_theme = "pydata_sphinx_theme"
html_title = "spikefa"
html_static_path = ["_static"]
html_css_files = ["spikefa.css"]
html_show_sourcelink = False
# Only the reference has pages below pages; elsewhere the sidebar would be empty.
html_sidebars = {"*": []}
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": False,
    # Pages of tables and listings have the full width.
    "secondary_sidebar_items": {
        "**": ["page-toc"],
        "results": [],
        "performance": [],
    },
    "header_links_before_dropdown": 4,
}


def _signature_of_init(app, what, name, obj, options, signature, returns):
    """Give classes of Brian2 the signature of `__init__`; they have a `__new__` too."""
    if what == "class" and signature == "(*args, **kw)":
        own = inspect.signature(obj.__init__)
        bare = [
            p.replace(annotation=p.empty) for p in list(own.parameters.values())[1:]
        ]
        return str(inspect.Signature(bare)), returns


def setup(app):
    app.connect("autodoc-process-signature", _signature_of_init)
