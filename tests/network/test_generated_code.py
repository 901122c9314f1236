"""What a model file does not use costs nothing: the same code as without it.

The digests are those of the sources that were generated before model files could have
signals, masks, projections and delays. Who changes the code of the engine on purpose
writes down the new ones: ``python tests/network/test_generated_code.py``.
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import brian2
import pytest
from generated_code import digest_of_code

RECORDED = Path(__file__).with_name("generated_code.json")
CASES = {
    "feedback alignment": {},
    "kolen-pollack": {"rule": "kp"},
    "removed synapses": {"sparse": True},
    "rates": {"rate": True, "steps_per_image": 1},
}


@pytest.mark.parametrize("case", CASES)
def test_networks_without_new_strings_have_the_code_of_before(case, tmp_path):
    recorded = json.loads(RECORDED.read_text())
    if recorded["brian2"] != brian2.__version__:
        pytest.skip(f"recorded with Brian2 {recorded['brian2']}, which wrote the code")
    assert digest_of_code(tmp_path / "project", **CASES[case]) == recorded[case]


def test_a_difference_is_seen(tmp_path):
    model = tmp_path / "model.py"
    model.write_text('spike = "rand() < 1.001*phi"')
    recorded = json.loads(RECORDED.read_text())
    found = digest_of_code(tmp_path / "project", path=model)
    assert found != recorded["feedback alignment"]


def main():
    digests = {"brian2": brian2.__version__}
    for case, how in CASES.items():
        with TemporaryDirectory() as folder:
            digests[case] = digest_of_code(Path(folder, "project"), **how)
    RECORDED.write_text(json.dumps(digests, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
