"""The main job end to end, on a few images and a small network."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from spikefa.experiments.declaration import OnResume, declared
from spikefa.experiments.settings import Settings
from spikefa.training.checkpoint_file import (
    NAME,
    PREVIOUS,
    Checkpoint,
    newest_checkpoint,
    write_checkpoint,
)

KEYS = (
    "preset layer_sizes rule engine device threads seed epochs images_seen "
    "test_error_percent test_error_last_step_percent learning_curve ms_per_step "
    "wall_seconds versions"
).split()


def state(folder):
    """The state in the newest checkpoint, and the learning curve without times."""
    checkpoint = newest_checkpoint(folder, lambda text: None)
    curve = checkpoint.meta["position"]["curve"]
    curve = [entry | {"ms_per_step": 0} for entry in curve]
    arrays = {name: a.tobytes() for name, a in checkpoint.arrays("")}
    return arrays | {"meta": None, "checksum": None}, curve


def test_files_and_results(command, tmp_path):
    outcome = command("--quick", "--angle-images", 9, "--out", "Läufe/eins zwei")
    assert outcome.code == 0
    assert re.match(r"test error \d+\.\d\d % .* 400 images", outcome.out)
    folder = tmp_path / "Läufe" / "eins zwei"
    expected = {"results.json", "figure.png", "figure.pdf", "progress.jsonl"}
    expected |= {"records.npz", NAME, PREVIOUS, ".lock"}
    assert set(os.listdir(folder)) == expected
    results = json.loads((folder / "results.json").read_text())
    assert results.keys() >= set(KEYS)
    assert results["layer_sizes"] == [784, 20, 50]
    assert results["engine"] == "dense"
    assert results["finished"]
    curve = results["learning_curve"]
    assert [entry["images_seen"] for entry in curve] == [100, 200, 300, 400]
    assert curve[-1]["test_error_percent"] == results["test_error_percent"]
    for measured in (results["at_start"], curve[1], curve[3]):
        assert len(measured["delta_angles"]) == len(measured["teaching_percent"]) == 1
        assert 0 < measured["delta_angles"][0] < 180
    assert (folder / "figure.png").read_bytes().startswith(b"\x89PNG")
    with np.load(folder / "records.npz", allow_pickle=False) as records:
        # 20 images of 5 steps from the first chunk and from the last one.
        assert records["layer_1.h"].shape == (200, 1)
        assert records["layer_1.h/t"][[0, 99, 100, 199]] == pytest.approx(
            [0, 0.099, 1.9, 1.999]
        )


@pytest.mark.long
def test_the_default_folder_is_new_each_time(command, tmp_path):
    for _ in range(2):
        assert command("--quick", "--epochs", 1).code == 0
    assert sorted(os.listdir(tmp_path / "runs")) == ["quick-fa-1", "quick-fa-2"]


@pytest.mark.long
def test_more_epochs_later_are_more_epochs_at_once(command, tmp_path):
    assert command("--quick", "--epochs", 3, "--out", "at once").code == 0
    assert command("--quick", "--epochs", 1, "--out", "later").code == 0
    assert command("--resume", "--epochs", 3, "--out", "later").code == 0
    at_once, later = state(tmp_path / "at once"), state(tmp_path / "later")
    assert at_once == later


@pytest.mark.long
def test_removed_synapses_stay_away_in_a_resumed_run(command, tmp_path):
    few = ("--images", 40, "--test-images", 10)
    stock = ("--device", "numpy", "--engine", "stock")
    removed = ("--quick", "--removed", 0.5, *stock, *few)
    assert command(*removed, "--out", "at once").code == 0
    assert command(*removed, "--epochs", 1, "--out", "later").code == 0
    outcome = command("--resume", "--removed", 0.2, "--out", "later")
    assert outcome.code == 2
    assert "removed (0.5 there, 0.2 here)" in outcome.err
    assert command("--resume", "--epochs", 2, "--out", "later").code == 0
    at_once, later = state(tmp_path / "at once"), state(tmp_path / "later")
    assert at_once == later
    arrays = dict(newest_checkpoint(tmp_path / "later", print).arrays("state/"))
    for name in ("forward_1.W", "forward_2.W", "feedback_1.B"):
        assert np.count_nonzero(arrays[name] == 0) == arrays[name].size // 2


@pytest.mark.long
def test_a_finished_run_cannot_be_overwritten(command):
    assert command("--quick", "--out", "x").code == 0
    outcome = command("--quick", "--out", "x")
    assert outcome.code == 2
    assert "holds the checkpoint of another run" in outcome.err


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a finished run."""
    from spikefa.sims import mnist_spiking

    from spikefa.experiments.command_line import run_command

    folder = tmp_path_factory.mktemp("finished")
    options = ["--quick", "--device", "numpy", "--out", str(folder)]
    assert run_command(mnist_spiking.build_parser(), mnist_spiking.main, options) == 0
    return folder


#: Options that change what a run computes, and what the refusal calls it.
OTHER_RUNS = [
    (["--layers", "30"], "layer_sizes"),
    (["--outputs-per-class", "7"], "layer_sizes"),
    (["--rule", "dfa"], "rule"),
    (["--removed", "0.5"], "removed"),
    (["--feedback-bits", "8"], "feedback_bits"),
    (["--weight-bits", "16"], "weight_bits"),
    (["--precision", "double"], "precision"),
    (["--seed", "2"], "seed"),
    (["--images", "100"], "images"),
    (["--chunk-images", "50"], "chunk_images"),
    (["--steps", "6"], "steps"),
    (["--shuffle", "never"], "shuffle"),
    (["--shift", "1"], "shift"),
    (["--rotate", "5"], "rotate"),
    (["--average", "2"], "average"),
    (["--validation", "100"], "validation"),
    (["--eta", "0.5"], r"model \(eta\)"),
    (["--set", "tau_m=2*ms"], r"model \(tau_m\)"),
    (["--model", "changed.py"], r"model \(third_factor\)"),
    (["--data", "other data"], "data"),
]


@pytest.mark.long
def test_all_that_must_stay_is_in_the_checkpoint_and_refused(finished):
    """What is declared is what is done, for every setting."""
    meta = newest_checkpoint(finished, print).meta
    refused = {options[0][2:].replace("-", "_") for options, _ in OTHER_RUNS}
    refused |= {"parameters", "dataset"}  # --set; another set has another fingerprint
    for name, this in declared(Settings).items():
        assert name in meta["settings"]
        described = this.described_as or name
        must_stay = this.on_resume is OnResume.REFUSED
        assert must_stay == (described in {*meta["identity"], *meta}), name
        assert (this.on_resume is OnResume.WARNED) == (name in meta["circumstances"])
        assert must_stay == (name in refused), name


@pytest.mark.long
@pytest.mark.parametrize(("options", "field"), OTHER_RUNS)
def test_resuming_as_another_run_names_what_differs(
    command, tmp_path, finished, options, field
):
    (tmp_path / "changed.py").write_text("third_factor = 'third_factor = delta : 1'")
    write_idx(tmp_path / "other data")
    outcome = command("--resume", "--out", finished, *options)
    assert outcome.code == 2
    last = outcome.err.splitlines()[-1]
    assert re.search(rf"is of another run; these differ: {field} ?\(?", last), last


@pytest.mark.long
def test_a_checkpoint_from_before_images_were_moved_goes_on(
    command, tmp_path, finished
):
    """As one that says that they were not, nor weights averaged."""
    for name in ("new", "old"):
        shutil.copytree(finished, tmp_path / name)
    checkpoint = Checkpoint(tmp_path / "old" / NAME)
    meta = {key: of for key, of in checkpoint.meta.items() if key != "format"}
    for younger in ("shift", "average", "rotate"):
        del meta["identity"][younger], meta["settings"][younger]
    arrays = dict(checkpoint.arrays(""))
    del arrays["meta"], arrays["checksum"]
    write_checkpoint(tmp_path / "old", meta, arrays.items())
    for name in ("new", "old"):
        outcome = command("--resume", "--epochs", 3, "--out", name)
        assert outcome.code == 0, outcome.err
    new, old = (
        dict(Checkpoint(tmp_path / name / NAME).arrays("")) for name in ("new", "old")
    )
    assert new.keys() == old.keys()
    for name in new.keys() - {"meta", "checksum"}:
        np.testing.assert_array_equal(new[name], old[name], err_msg=name)


def write_idx(folder):
    folder.mkdir()
    random = np.random.default_rng(1)
    for part, n in (("train", 300), ("t10k", 100)):
        images = random.integers(0, 256, (n, 28, 28)).astype(np.uint8)
        labels = (np.arange(n) % 10).astype(np.uint8)
        for kind, array in (("images", images), ("labels", labels)):
            header = b"\0\0\x08" + bytes([array.ndim])
            header += np.array(array.shape, ">u4").tobytes()
            path = folder / f"{part}-{kind}-idx{array.ndim}-ubyte"
            path.write_bytes(header + array.tobytes())


@pytest.mark.long
def test_a_damaged_checkpoint_falls_back_and_says_so(command, tmp_path):
    assert command("--quick", "--out", "reference").code == 0
    assert command("--quick", "--out", "x", "--checkpoint-every", 100).code == 0
    path = tmp_path / "x" / NAME
    path.write_bytes(path.read_bytes()[:-1000])
    outcome = command("--resume", "--out", "x")
    assert outcome.code == 0
    assert f"going on from {PREVIOUS} instead" in outcome.err
    assert state(tmp_path / "x") == state(tmp_path / "reference")


@pytest.mark.long
def test_runaway_weights_stop_the_run(command, tmp_path):
    outcome = command("--quick", "--out", "x", "--eta", 1000)
    assert outcome.code == 1
    last = outcome.err.splitlines()[-1]
    assert re.search(r"layer \d: \w+ \(\w+\.\w+\) has run away to .* after 100", last)
    assert Checkpoint(tmp_path / "x" / NAME).meta["position"]["chunk"] == 0


def wait_for_checkpoint(folder, chunk, running):
    for _ in range(1200):
        if (folder / NAME).exists():
            found = newest_checkpoint(folder, lambda text: None)
            if found.meta["position"]["chunk"] >= chunk:
                return
        assert running.poll() is None, running.communicate()
        time.sleep(0.1)
    raise AssertionError("no checkpoint in time")


@pytest.mark.long
@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_signals_end_a_run_that_can_be_resumed(command, process, tmp_path, number):
    brief = ["--quick", "--test-images", 10, "--evaluate-every", 10**6]
    options = [*brief, "--epochs", 1000, "--out", "x y", "--checkpoint-every", 100]
    running = process(*options)
    wait_for_checkpoint(tmp_path / "x y", 2, running)
    refused = command(*options)
    assert refused.code == 2
    assert f"another run (process {running.pid}) is writing to" in refused.err
    running.send_signal(number)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 128 + number
    assert "Traceback" not in err
    again = re.search(r"to go on: (.*)", err)[1]
    assert shlex.split(again)[-3:] == ["--resume", "--out", "x y"]
    done = newest_checkpoint(tmp_path / "x y", print).meta["position"]["chunk"]
    epochs = done // 2 + 1
    assert command("--resume", "--out", "x y", "--epochs", epochs).code == 0
    assert command(*brief, "--out", "reference", "--epochs", epochs).code == 0
    assert state(tmp_path / "x y") == state(tmp_path / "reference")


@pytest.mark.long
def test_kill_9_leaves_no_process_and_no_folder(command, process, tmp_path):
    (tmp_path / "temporary").mkdir()
    running = process(
        *["--quick", "--epochs", 1000, "--out", "x", "--checkpoint-every", 100],
        TMPDIR=str(tmp_path / "temporary"),
    )
    wait_for_checkpoint(tmp_path / "x", 2, running)
    running.kill()
    running.communicate()
    assert list((tmp_path / "temporary").glob("spikefa_run_*"))
    quick = ["--quick", "--out", "y"]
    again = process(*quick, TMPDIR=str(tmp_path / "temporary"))
    again.communicate(timeout=120)
    assert again.returncode == 0
    assert not list((tmp_path / "temporary").glob("spikefa_run_*"))


def limited(process_arguments, kilobytes, folder):
    """Run with files that cannot grow beyond a size, as on a full disk."""
    from spikefa.sims import mnist_spiking

    command = shlex.join(
        [sys.executable, mnist_spiking.__file__, *map(str, process_arguments)]
    )
    return subprocess.run(
        ["bash", "-c", f"ulimit -f {kilobytes}; exec {command}"],
        cwd=folder,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    "kilobytes",
    [
        # Less than the program or its arguments need, and than the data need.
        pytest.param(16, marks=pytest.mark.slow),
        pytest.param(80, marks=pytest.mark.slow),
        pytest.param(300, marks=pytest.mark.slow),
    ],
)
def test_a_full_disk_costs_no_checkpoint(command, tmp_path, kilobytes):
    assert command("--quick", "--epochs", 1, "--out", "x").code == 0
    before = state(tmp_path / "x")
    options = ["--resume", "--epochs", 2, "--out", "x", "--device", "cpp"]
    done = limited(options, kilobytes, tmp_path)
    assert done.returncode in (1, 2), done.stderr
    assert "Traceback" not in done.stderr
    assert "error:" in done.stderr.splitlines()[-1]
    assert state(tmp_path / "x") == before
    assert command("--resume", "--epochs", 2, "--out", "x").code == 0


@pytest.mark.slow
def test_steps_of_training_and_test_may_differ(command, tmp_path):
    for test_steps in (5, 10):
        options = ["--test-steps", test_steps, "--out", f"m{test_steps}"]
        assert command("--quick", *options).code == 0
    five, ten = (newest_checkpoint(tmp_path / f"m{m}", print) for m in (5, 10))
    for (name, a), (_, b) in zip(
        five.arrays("state/"), ten.arrays("state/"), strict=True
    ):
        assert (a == b).all(), name


def test_help_is_fast():
    from spikefa.sims import mnist_spiking

    start = time.monotonic()
    command = [sys.executable, mnist_spiking.__file__, "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "--checkpoint-every" in shown.stdout
    code = "import sys, spikefa.sims.mnist_spiking; sys.exit('brian2' in sys.modules)"
    subprocess.run([sys.executable, "-P", "-c", code], check=True)
    assert time.monotonic() - start < 10


@pytest.mark.long
@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PATH": os.path.dirname(sys.executable)}, "'make': not found"),
        pytest.param(
            {"CXX": "no-such-compiler"},
            "'no-such-compiler': not found",
            marks=pytest.mark.slow,
        ),
        ({"CXX": "false"}, "does not compile"),
    ],
)
def test_without_a_working_compiler_there_is_one_line(
    process, tmp_path, environment, words
):
    running = process(
        *["--quick", "--out", "x"], **environment, SPIKEFA_CACHE=str(tmp_path / "cache")
    )
    _, err = running.communicate(timeout=120)
    assert running.returncode == 2
    assert words in err.splitlines()[-1]
    assert len(err.splitlines()) == 2  # after "writing to"


@pytest.mark.long
def test_resuming_from_another_folder_takes_the_model_of_the_checkpoint(
    command, tmp_path, monkeypatch
):
    """The model file was given by a relative path, and imports one beside it."""
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    (tmp_path / "here" / "shared_values.py").write_text("width = 2.0\n")
    (tmp_path / "here" / "mine.py").write_text(
        "from shared_values import width\n"
        "third_factor = 'third_factor = tanh(width*delta)/width : 1'\n"
    )
    monkeypatch.chdir(tmp_path / "here")
    run = tmp_path / "run"
    brief = ("--quick", "--images", 20, "--device", "numpy", "--engine", "stock")
    outcome = command(*brief, "--epochs", 1, "--model", "mine.py", "--out", run)
    assert outcome.code == 0
    monkeypatch.chdir(tmp_path / "there")
    outcome = command("--resume", "--epochs", 2, "--out", run)
    assert outcome.code == 0
    assert "warning" not in outcome.err
    (tmp_path / "there" / "mine.py").write_text("eta = 0.5\n")
    outcome = command("--resume", "--epochs", 3, "--out", run)
    assert outcome.code == 0
    assert "mine.py is not what this run was started with" in outcome.err


@pytest.mark.long
def test_validation_is_called_so_everywhere(command, tmp_path, monkeypatch):
    from spikefa.figures import spiking

    drawn = []
    plot = spiking.plot_training
    monkeypatch.setattr(
        spiking,
        "plot_training",
        lambda *a, **k: drawn.append(plot(*a, **k)) or drawn[0],
    )
    outcome = command("--quick", "--validation", 60, "--test-images", 50, "--out", "x")
    assert outcome.code == 0
    assert outcome.out.startswith("validation error ")
    assert "test error" not in outcome.out
    results = json.loads((tmp_path / "x" / "results.json").read_text())
    assert results["validation"] == 60
    assert results["validation_error_percent"] is not None
    assert not any(name.startswith("test_error") for name in results)
    assert not any("test_error" in name for name in results["learning_curve"][-1])
    assert results["final_evaluations"][0]["images"] == "validation"
    labels = [text.get_text() for text in drawn[0].axes[0].get_legend().get_texts()]
    assert labels[1:] == ["validation images", "validation images, last step alone"]
    outcome = command("--resume", "--out", "x", "--validation", 0)
    assert "these differ: validation (60 there, 0 here)" in outcome.err


@pytest.mark.long
def test_a_part_of_the_test_images_is_tested_on_the_way(command, tmp_path, monkeypatch):
    """Figure and results say which; the result is that of all images."""
    from spikefa.figures import spiking

    drawn, plot = [], spiking.plot_training
    monkeypatch.setattr(
        spiking,
        "plot_training",
        lambda *a, **k: drawn.append(plot(*a, **k)) or drawn[0],
    )
    few = ("--quick", "--device", "numpy", "--epochs", 1, "--images", 50)
    few += ("--chunk-images", 10, "--test-images", 20)
    assert command(*few, "--interim-images", 6, "--out", "x").code == 0
    results = json.loads((tmp_path / "x" / "results.json").read_text())
    curve = results["learning_curve"]
    assert [point.get("n_tested") for point in curve] == [6, 6, 6, 6, None]
    assert all(point["test_error_percent"] is not None for point in curve)
    assert results["test_error_percent"] == curve[-1]["test_error_percent"]
    labels = [text.get_text() for text in drawn[0].axes[0].get_legend().get_texts()]
    assert "6 of the test images" in labels
    progress = (tmp_path / "x" / "progress.jsonl").read_text().splitlines()
    lines = [json.loads(line) for line in progress]
    tests = [line["n_tested"] for line in lines if line["event"] == "evaluation"]
    assert tests == [6, 6, 6, 6, None]
    assert command(*few, "--out", "y").code == 0
    assert state(tmp_path / "x")[0] == state(tmp_path / "y")[0]
    without = json.loads((tmp_path / "y" / "results.json").read_text())
    assert without["final_evaluations"] == results["final_evaluations"]
    assert [p["test_error_percent"] for p in without["learning_curve"]][:4] == [
        None
    ] * 4


@pytest.mark.parametrize("number", [60_000, 59_999])
def test_something_must_be_left_to_learn(command, number):
    outcome = command("--quick", "--validation", number)
    assert outcome.code == 2
    last = outcome.err.splitlines()[-1]
    assert f"cannot hold out {number} of 60000 training images" in last


@pytest.mark.long
def test_final_weights_are_tested_several_times(command, tmp_path):
    options = ["--evaluations", 3, "--evaluation-steps", 5, 10]
    outcome = command("--quick", *options, "--out", "x")
    assert outcome.code == 0
    assert re.fullmatch(
        r"test error \d+\.\d\d ± \d+\.\d\d % \(.*\) after 400 images, 3 tests of 5 "
        r"steps an image\n.* 3 tests of 10 steps an image, .* ms per step; see x\n",
        outcome.out,
    )
    results = json.loads((tmp_path / "x" / "results.json").read_text())
    five, ten = results["final_evaluations"]
    assert (five["steps"], ten["steps"]) == (5, 10)
    errors = five["error_percent"]
    assert len(errors["all"]) == 3
    assert errors["mean"] == pytest.approx(np.mean(errors["all"]))
    assert errors["sd"] == pytest.approx(np.std(errors["all"], ddof=1))
    assert errors["all"][0] == results["test_error_percent"]


@pytest.mark.long
def test_averaged_weights_of_moved_images_are_tested_too(command, tmp_path):
    options = ["--quick", "--shift", 1, "--rotate", 5, "--average", 1]
    options += ["--evaluations", 2]
    outcome = command(*options, "--out", "x")
    assert outcome.code == 0, outcome.err
    assert re.search(r"test error of averaged weights \d+\.\d\d ± ", outcome.out)
    expected = json.loads((tmp_path / "x" / "results.json").read_text())
    (mean,) = expected["averaged_evaluations"]
    assert len(mean["error_percent"]["all"]) == 2
    # The same in two parts, and from the checkpoint.
    assert command(*options, "--epochs", 1, "--out", "y").code == 0
    assert command("--resume", "--epochs", 2, "--out", "y").code == 0
    assert command("--evaluate", "x", "--out", "z").code == 0
    for name in "yz":
        found = json.loads((tmp_path / name / "results.json").read_text())
        for tests in ("averaged_evaluations", "final_evaluations"):
            assert found[tests] == expected[tests], name
    changed = command("--resume", "--shift", 2, "--out", "x")
    assert changed.code == 2
    assert "these differ: shift (1 there, 2 here)" in changed.err


@pytest.mark.long
def test_a_checkpoint_can_be_tested_while_its_run_goes_on(command, tmp_path):
    """The run's folder is locked by another process, and stays as it is."""
    from spikefa.experiments.folder import locked_folder

    options = ["--evaluations", 2, "--evaluation-steps", 5, 10]
    assert command("--quick", "--epochs", 1, *options, "--out", "x").code == 0
    expected = json.loads((tmp_path / "x" / "results.json").read_text())
    before = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "x").iterdir()}
    with locked_folder(tmp_path / "x"):
        outcome = command("--evaluate", "x", "--evaluations", 3, "--out", "y")
    assert outcome.code == 0, outcome.err
    after = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "x").iterdir()}
    assert {k: v for k, v in after.items() if k != ".lock"} == {
        k: v for k, v in before.items() if k != ".lock"
    }
    assert sorted(os.listdir(tmp_path / "y")) == [".lock", "results.json"]
    found = json.loads((tmp_path / "y" / "results.json").read_text())
    for name in ("test_error_percent", "images_seen"):
        assert found[name] == expected[name]
    for more, of in zip(
        found["final_evaluations"], expected["final_evaluations"], strict=True
    ):
        assert more["steps"] == of["steps"]
        assert more["error_percent"]["all"][:2] == of["error_percent"]["all"]


@pytest.mark.long
def test_weights_that_are_kept_have_the_same_errors_and_learn_on(command, tmp_path):
    options = ["--quick", "--weight-bits", 16, "--feedback-bits", 8, "--average", 1]
    options += ["--evaluations", 2, "--evaluation-steps", 5, 10]
    outcome = command(*options, "--keep-weights", "kept", "--out", "x")
    assert outcome.code == 0, outcome.err
    expected = json.loads((tmp_path / "x" / "results.json").read_text())
    assert command("--evaluate", "kept", "--out", "y").code == 0
    found = json.loads((tmp_path / "y" / "results.json").read_text())
    for now, then in zip(
        found["final_evaluations"], expected["averaged_evaluations"], strict=True
    ):
        assert now["error_percent"]["all"] == then["error_percent"]["all"]
    sizes = [(tmp_path / n / "checkpoint.npz").stat().st_size for n in ("kept", "x")]
    assert sizes[0] < sizes[1] / 2
    outcome = command("--resume", "--epochs", 3, "--out", "kept")
    assert outcome.code == 0, outcome.err
    for again in (["--evaluate", "kept"], ["--quick"]):
        outcome = command(*again, "--keep-weights", "kept")
        assert outcome.code == 2
        assert "kept holds another checkpoint" in outcome.err


@pytest.mark.parametrize(
    ("folder", "words"),
    [("x", "is the folder of the run itself"), ("file/y", "cannot be made")],
)
def test_a_folder_for_weights_is_refused_before_they_are_learned(
    command, tmp_path, folder, words
):
    (tmp_path / "file").touch()
    outcome = command("--quick", "--out", "x", "--keep-weights", folder)
    assert outcome.code == 2
    assert words in outcome.err
    assert not (tmp_path / "x" / "checkpoint.npz").exists()


@pytest.mark.long
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--evaluate", "nothing here"], "holds no checkpoint"),
        (["--evaluate", "x", "--resume"], "no --resume, please"),
        (["--evaluate", "x", "--quick"], "takes all settings from the run"),
        (["--evaluate", "x", "--out", "x"], "holds the checkpoint of another run"),
        (["--evaluate", "x", "--seed", "2"], "these differ: seed"),
    ],
)
def test_evaluations_that_are_refused(command, tmp_path, finished, options, words):
    options = [str(finished) if option == "x" else option for option in options]
    outcome = command(*options)
    assert outcome.code == 2
    assert words in outcome.err.splitlines()[-1]


@pytest.mark.long
def test_a_signal_in_the_last_tests_leaves_a_run_that_goes_on(
    command, tmp_path, monkeypatch
):
    from spikefa.experiments import run

    repeat = run.evaluate_repeatedly

    def interrupted(*args):
        os.kill(os.getpid(), signal.SIGTERM)
        return repeat(*args)

    options = ["--quick", "--epochs", 1, "--evaluations", 2, "--out", "x"]
    with monkeypatch.context() as patched:
        patched.setattr(run, "evaluate_repeatedly", interrupted)
        stopped = command(*options)
    assert stopped.code == 128 + signal.SIGTERM
    assert "stopped after 200 images; to go on: " in stopped.err
    path = tmp_path / "x" / "results.json"
    assert not json.loads(path.read_text())["finished"]
    assert command("--resume", "--out", "x").code == 0
    found = json.loads(path.read_text())
    assert found["finished"]
    assert len(found["final_evaluations"][0]["error_percent"]["all"]) == 2
