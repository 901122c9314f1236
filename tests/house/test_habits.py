"""What users expect of a package: its version, how to cite it, what has changed."""

from importlib.metadata import version
from pathlib import Path

import cffconvert
import pytest

import spikefa

CHECKOUT = Path(__file__).parents[2]


def test_the_version_is_that_of_the_package():
    assert spikefa.__version__ == version("spikefa")


def test_the_citation_is_valid_and_of_this_version():
    text = (CHECKOUT / "CITATION.cff").read_text()
    citation = cffconvert.Citation(text)
    citation.validate()
    assert citation.cffobj["version"] == spikefa.__version__
    assert "10.1038/ncomms13276" in text


def test_a_citation_with_a_mistake_is_refused():
    text = (CHECKOUT / "CITATION.cff").read_text().replace("title:", "titel:")
    with pytest.raises(Exception, match=r"title|titel"):
        cffconvert.Citation(text).validate()


def test_the_changes_of_this_version_are_listed():
    text = (CHECKOUT / "CHANGELOG.md").read_text()
    assert f"\n## {spikefa.__version__}" in text
