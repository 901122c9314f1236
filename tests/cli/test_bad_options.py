"""Every refusal is one line, exit code 2, no traceback, and leaves nothing behind."""

import ast
import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings, strategies as st
from spikefa.sims import mnist_spiking

import spikefa
from spikefa.experiments.command_line import as_options, run_command

COUNTS = (
    "--layers --outputs-per-class --steps --test-steps --epochs --images "
    "--test-images --evaluate-every --chunk-images --threads --evaluations "
    "--evaluation-steps"
).split()
BAD_COUNTS = ["0", "-1", "1.5", "abc", "", "nan", "1e3", "0x10", "9" * 30, "५x", "1\n2"]
BAD_COUNTS += [" ", "_1", "ten"]
BAD_NUMBERS = ["-1", "-1e-9", "nan", "inf", "abc", "", "1e999", "1,5", "0.1*ms", "\0"]
CHOICES = "--preset --shuffle --rule --engine --device --dataset".split()
BAD_CHOICES = ["", "x", "FA", "fa,bp", "stock ", "\n", "日本"]
BAD_INTERVALS = [
    *["0", "-5", "10 min", "10x", "min", "1e3", "0s", "0.5", "", "inf", "5 images"],
    *["1h30", "٣min", "5min,1h", "10minutes", "1000000000000000h"],
]
BAD_ASSIGNMENTS = [
    *["eta", "=1", "eta=", "", "1eta=1", "a b=1", "eta==1", "-=1"],
    *["nosuch=1", "spike=1", "psp_neuron=1", "W=1", "ETA=1", "refractory=1"],
    *["eta=1*ms", "tau_m=1", "tau_m=1*mV", "dt=1", "gamma=1/second", "eta=ms"],
    *["tau=0", "tau=1", "tau=1.5", "tau_m=0*ms", "tau_m=-1*ms", "dt=0*ms", "dt=-1*ms"],
    *["eta=-1", "gamma=-1", "weight_range=-1", "feedback_range=-0.1"],
    *["eta=nan", "eta=inf", "eta=1e999", "eta=-1e999", "eta=1/0", "eta=0**-1"],
    *["eta=9**9**9", "eta=2**1000000", "eta=(1,)", "eta=[1]", "eta='1'"],
    *["eta=True", "eta=None", "eta=1j", "eta=x", "eta=os", "eta=ms.real", "eta=f(1)"],
    *["eta=__import__('os').mkdir('sprung')", "eta=open('sprung','w')"],
    *["eta=(lambda: 1)()", "eta=1 if 1 else 2", "eta=1;2", "eta=1\n2", "eta=#1"],
    *["eta=" + "(" * 90 + "1" + ")" * 90, "eta=" + "1" * 500, "eta=\0", "eta=1+1"],
]
SINGLE = [
    *[[option, value] for option in COUNTS for value in BAD_COUNTS],
    *[["--seed", value] for value in BAD_COUNTS[1:]],
    *[[option, value] for option in ("--eta", "--gamma") for value in BAD_NUMBERS],
    *[[option, value] for option in CHOICES for value in BAD_CHOICES],
    *[["--removed", value] for value in [*BAD_NUMBERS, "1.5", "50%"]],
    *[["--angle-images", value] for value in BAD_COUNTS[1:]],
    *[["--interim-images", value] for value in BAD_COUNTS[1:]],
    *[["--checkpoint-every", value] for value in BAD_INTERVALS],
    *[["--set", value] for value in BAD_ASSIGNMENTS],
]
COMBINED = [
    ["--nosuch"],
    ["stray"],
    ["--resume"],
    ["--resume", "--out", "nothing here"],
    ["--resume", "--quick", "--out", "x"],
    ["--resume", "--preset", "paper", "--out", "x"],
    ["--layers"],
    ["--layers", "10", "0"],
    ["--layers", "10", "-3", "10"],
    ["--layers", "99999999999"],
    ["--layers", "50000", "50000"],
    ["--outputs-per-class", "999999999999"],
    ["--images", "60001"],
    ["--test-images", "10001"],
    ["--device", "runtime", "--threads", "2"],
    ["--eta", "1", "--set", "eta=2"],
    ["--set", "tau_m=1*ms", "--set", "tau_m=2*ms"],
    ["--data", "nothing here"],
    ["--data", "empty"],
    ["--data", "Ordner mit Ümläuten"],
    ["--data", "a file"],
    ["--data", ""],
    ["--data", "nul\0byte"],
    ["--dataset", "svhn", "--data", "empty"],
    ["--model", "nothing here.py"],
    ["--model", "empty"],
    ["--model", "a file"],
    ["--model", "typo.py"],
    ["--model", "crash.py"],
    ["--model", "binary.py"],
    ["--out", "a file"],
    ["--out", "a file/below"],
    ["--out", "/proc/self/nothing"],
    ["--out", "nul\0byte"],
    ["--out", "x" * 300],
    ["--out", "of another character set: gr\udcf6\udcdfe"],
]
#: Checked after the network is built, or after a folder is made.
FILES = {
    "a file": "text",
    "typo.py": "psp_neuron = 'dh/dt = (b + drive - h/tau_m : 1'",
    "crash.py": "1/0",
}


def folder_with_odd_files(folder):
    for name in ("empty", "Ordner mit Ümläuten"):
        (folder / name).mkdir()
    for name, content in FILES.items():
        (folder / name).write_text(content)
    (folder / "binary.py").write_bytes(b"\xff\xfe\0\x80")
    return sorted(os.listdir(folder))


def assert_refused(outcome):
    assert outcome.code == 2, outcome
    assert outcome.out == ""
    lines = [line for line in outcome.err.splitlines() if "writing to" not in line]
    assert len(lines) == 1, outcome.err
    assert lines[0].startswith("mnist_spiking.py: error: ")
    assert len(lines[0]) > len("mnist_spiking.py: error: ") + 5
    assert "Traceback" not in outcome.err


def identify(options):
    return ascii(" ".join(options))[:60]


@pytest.mark.parametrize("options", SINGLE + COMBINED, ids=identify)
def test_bad_options_are_refused_in_one_line(command, tmp_path, options):
    before = folder_with_odd_files(tmp_path)
    quick = [] if "--resume" in options else ["--quick"]
    assert_refused(command(*quick, *options))
    left = [name for name in os.listdir(tmp_path) if name != "runs"]
    assert sorted(left) == before
    assert not (tmp_path / "runs").exists() or not os.listdir(tmp_path / "runs")


def test_there_are_at_least_300_of_them():
    assert len({tuple(options) for options in SINGLE + COMBINED}) >= 300


def test_debug_shows_the_traceback(command):
    outcome = command("--quick", "--debug", "--images", "60001")
    assert outcome.code == 2
    assert "Traceback" in outcome.err


def options_of_the_parser():
    actions = mnist_spiking.build_parser()._actions
    return [action.option_strings[-1] for action in actions if action.nargs != 0]


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(option=st.sampled_from(options_of_the_parser()), text=st.text(max_size=20))
@example(option="--set", text="eta=1%")
@example(option="--layers", text="%s")
def test_any_text_is_read_or_refused_in_one_line(
    capsys, monkeypatch, tmp_path_factory, option, text
):
    monkeypatch.chdir(tmp_path_factory.mktemp("here"))  # --copy-models writes
    assume(text not in ("-h", "--help"))
    parser = mnist_spiking.build_parser()
    code = run_command(parser, lambda args: 0, [option, text])
    captured = capsys.readouterr()
    assert code in (0, 2)
    if code:
        assert captured.err.count("\n") == 1
        assert captured.err.startswith("mnist_spiking.py: error: ")


def test_arguments_of_the_library_become_options():
    parser = mnist_spiking.build_parser()
    for said, shown in (
        ("use engine='stock'", "use --engine stock"),
        ("build_only=True compiles without one", "--build-only compiles without one"),
        ("give build_dir='a/b'", "give --build-dir a/b"),
        ("method='euler' and eta=0.1", "method='euler' and eta=0.1"),
    ):
        assert as_options(parser, said) == shown


def test_errors_of_the_library_name_no_options():
    """Flags belong to the command line."""
    root = Path(spikefa.__file__).parent
    for path in root.rglob("*.py"):
        inside = path.relative_to(root).parts
        if inside[0] in ("experiments", "sims"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise):
                assert not re.search(r"(?<![\w-])--[a-z]", ast.unparse(node)), path
