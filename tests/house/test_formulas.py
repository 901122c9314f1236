"""The library has no second copy of a formula of the model, in any language."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: Functions that formulas of neurons are made of, as NumPy, C and others write them.
FORMULA = re.compile(
    r"(?<![\w`])(?:np\.|numpy\.|math\.|std::|scipy\.special\.)?"
    r"(?:exp|expm1|tanh|expit|sigmoid|logistic)f?\("
)

#: A teacher network, whose answers are the targets of a task.
TEACHER = "spikefa/datasets/regression.py"


def formulas(text):
    """List the lines of a file, but for comments and docstrings, that have formulas."""
    text = re.sub(r'(?s)""".*?"""|#[^\n]*|//[^\n]*', "", text)
    return [line for line in text.splitlines() if FORMULA.search(line)]


def test_formulas_are_in_models_only():
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "spikefa").rglob("*")
        if path.suffix in (".py", ".py_", ".pyx", ".cpp", ".cu", ".h")
        and (ROOT / "spikefa" / "models").resolve() not in path.resolve().parents
        and formulas(path.read_text(encoding="utf-8"))
    }
    assert found == {TEACHER}
    assert formulas((ROOT / "models" / "psp.py").read_text().replace('"""', ""))


def test_a_copy_would_be_seen():
    assert formulas("phi = 1/(1 + np.exp(-h))")
    assert formulas("phi[i] = 1.0f/(1.0f + expf(-h[i]));")
    assert not formulas('"""exp(x) is not computed here."""')
