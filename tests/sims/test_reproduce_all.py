"""The program that runs all figures: plan, cached runs, table."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from spikefa.sims import reproduce_all
from spikefa.sims.reproduce import parts, plan, publish
from spikefa.sims.reproduce.rows import rows_of
from spikefa.sims.reproduce.table import write_table

from spikefa.experiments.command_line import run_command

FIGURES = Path(__file__).parents[2] / "docs" / "figures"

QUADRATIC = {
    "quick": False,
    "seeds": [1, 2, 3],
    "nse_before_and_after_phases": [[1.0, 0.1], [1.02, 0.1], [0.9, 0.1], [0.41, 0.1]],
}


@pytest.fixture
def reproduce(capsys, tmp_path):
    def run(*options):
        argv = [*options, "--out", str(tmp_path)]
        code = run_command(reproduce_all.build_parser(), reproduce_all.main, argv)
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def never(monkeypatch):
    def fail(command):
        raise AssertionError(f"started {command}")

    monkeypatch.setattr(parts, "_wait", fail)


def write(path, results):
    path.mkdir()
    (path / "results.json").write_text(json.dumps(results))


def test_the_plan_makes_the_published_rows():
    """With the same passes, seeds and options, in the time that they took."""
    rows = json.loads((FIGURES / "results.json").read_text())
    published = {row["command"]: row["hours"] for row in rows if row["hours"]}
    planned = {
        f"python sims/{command}": minutes
        for commands in plan.FIGURES.values()
        for _, command, minutes in commands
    }
    assert planned.keys() == published.keys()
    for command, minutes in planned.items():
        measured = 60 * float(published[command])
        assert minutes == pytest.approx(measured, abs=0.6), command


def test_plan_starts_nothing(reproduce, never, tmp_path):
    code, out, _ = reproduce("--plan")
    assert code == 0
    assert "mnist_spiking.py --preset paper" in out
    assert "hours on one core" in out
    assert not list(tmp_path.iterdir())


def test_finished_runs_are_used_again(reproduce, never, tmp_path):
    write(tmp_path / "fig5", QUADRATIC)
    code, out, _ = reproduce("--only", "fig5")
    assert code == 0
    assert "NSE 1.000 to 1.020" in out
    assert "NSE 0.900 to 0.410" in (tmp_path / "results.md").read_text()
    rows = json.loads((tmp_path / "results.json").read_text())
    assert [row["seeds"] for row in rows] == ["1 to 3", "1 to 3"]


def test_results_of_another_command_are_refused(reproduce, never, tmp_path):
    write(tmp_path / "fig5", QUADRATIC)
    (tmp_path / "fig5" / "command.txt").write_text("quadratic.py --seed 9")
    code, out, err = reproduce("--only", "fig5")
    assert code == 2
    assert "'quadratic.py --seed 9', not of 'quadratic.py'" in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "results.md").exists()


def test_a_run_is_found_again_by_its_command(reproduce, monkeypatch, tmp_path):
    def finish(command):
        (tmp_path / "fig5" / "results.json").write_text(json.dumps(QUADRATIC))
        return 0

    monkeypatch.setattr(parts, "_wait", finish)
    assert reproduce("--only", "fig5")[0] == 0
    # How many processes there are makes no difference to the result.
    assert reproduce("--only", "fig5", "--workers", "2")[0] == 0
    assert reproduce("--only", "fig5", "--quick")[0] == 2


def test_published_figures_are_small_copies(reproduce, never, tmp_path):
    write(tmp_path / "fig5", QUADRATIC)
    pixels = np.zeros((900, 1800, 3), np.uint8)
    pixels[:, 900:] = 0, 128, 255
    Image.fromarray(pixels).save(tmp_path / "fig5" / "figure.png")
    pages = tmp_path / "pages" / "figures"
    code, _, _ = reproduce("--only", "fig5", "--publish", str(pages))
    assert code == 0
    assert json.loads((pages / "fig5.json").read_text()) == QUADRATIC
    with Image.open(pages / "fig5.png") as image:
        assert image.size == (1080, 540)
        small = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(small[270, [100, -100]] - [[0, 0, 0], [0, 128, 255]]).max() < 16


def test_published_rows_replace_those_of_the_same_command(reproduce, never, tmp_path):
    """All others stay: of other figures, and of other commands of this one."""
    write(tmp_path / "fig5", QUADRATIC)
    Image.new("RGB", (10, 10)).save(tmp_path / "fig5" / "figure.png")
    pages = tmp_path / "pages"
    publish = "--only", "fig5", "--publish", str(pages)
    assert reproduce(*publish)[0] == 0
    first, second = json.loads((pages / "results.json").read_text())
    assert (first["command"], second["command"]) == ("python sims/quadratic.py", "")
    mine = first | {"command": "python sims/quadratic.py --runs 9"}
    before = first | {"figure": "2", "command": "python sims/linear.py"}
    after = first | {"figure": "(SVHN)", "command": "python sims/mnist_rate.py"}
    old = [first | {"paper": "old"}, second | {"paper": "old"}]
    table = [before, second, *old, mine, second, after]
    (pages / "results.json").write_text(json.dumps(table))
    assert reproduce(*publish)[0] == 0
    table[2:4] = first, second
    assert json.loads((pages / "results.json").read_text()) == table
    assert len((pages / "results.md").read_text().splitlines()) == 2 + len(table)

    (pages / "results.json").write_text(json.dumps([before, mine, after]))
    assert reproduce(*publish)[0] == 0
    found = json.loads((pages / "results.json").read_text())
    assert found == [before, mine, first, second, after]

    write_table([], pages, whole=True)
    (not_run,) = json.loads((pages / "results.json").read_text())
    assert reproduce(*publish)[0] == 0
    found = json.loads((pages / "results.json").read_text())
    assert found == [first, second, not_run]

    (pages / "results.json").write_text("[")
    (pages / "fig5.json").unlink()
    code, _, err = reproduce(*publish)
    assert code == 2
    assert not (pages / "fig5.json").exists()
    assert str(pages / "results.json") in err.splitlines()[-1]
    assert (pages / "results.json").read_text() == "["


def test_interrupted_training_goes_on(reproduce, monkeypatch, tmp_path):
    started = []

    def finish(command):
        started.append(command)
        path = command[-1] / "results.json"
        results = json.loads(path.read_text()) if path.exists() else unfinished
        path.write_text(json.dumps(results | {"finished": True}))
        return 0

    monkeypatch.setattr(parts, "_wait", finish)
    unfinished = spiking(
        finished=False,
        images_seen=120_000,
        feedback_bits=8,
        seed=7,
        final_evaluations=[single(3.21, 3.4)],
    )
    write(tmp_path / "fig4", unfinished)
    (tmp_path / "fig4" / "checkpoint.npz").touch()
    code, out, _ = reproduce("--only", "fig4")
    assert code == 0
    (*_, resume, option, folder), *others = started
    assert (resume, option, folder) == ("--resume", "--out", tmp_path / "fig4")
    assert len(others) == 5
    assert all("--resume" not in other for other in others)
    ours = "3.21 % (3.40 % by the last step alone)"
    assert f"| 1.8 % | {ours} |  | the paper's; B in 8 bits | 7 | 2 |" in out


def test_choices_name_model_files_that_are_there(reproduce, monkeypatch, tmp_path):
    found = []

    def finish(command):
        *options, _, folder = command
        if "--model" in options:
            found.append(options[options.index("--model") + 1])
        results = spiking(
            images_seen=400,
            images=200,
            layer_sizes=[784, 20, 50],
            final_evaluations=[single(5.0, 6.0)],
        )
        (folder / "results.json").write_text(json.dumps(results))
        return 0

    monkeypatch.setattr(parts, "_wait", finish)
    code, out, _ = reproduce("--only", "choices", "--quick")
    assert code == 0
    assert len(found) == 6
    assert all(path.is_file() for path in found)
    error = "5.00 % (6.00 % by the last step alone)"
    assert f"images shuffled once |  |  | {error} | hidden layers 20 | 1 | 2 |" in out


def single(error, last_step):
    """What a training writes of a single test of its final weights."""
    return {
        "steps": 5,
        "images": "test",
        "error_percent": {"mean": error},
        "last_step_error_percent": {"mean": last_step},
    }


def spiking(**changes):
    """What a training of the spiking network writes."""
    tests = [
        {
            "steps": steps,
            "images": "test",
            "error_percent": {"mean": mean, "sd": 0.06, "all": [mean] * 10},
            "last_step_error_percent": {"mean": mean + 1, "sd": 0.1, "all": []},
        }
        for steps, mean in ((5, 2.0), (25, 1.8))
    ]
    return {
        "images_seen": 1_200_000,
        "images": None,
        "validation": 0,
        "seed": 1,
        "rule": "fa",
        "layer_sizes": [784, 1500, 1500, 1500, 1000],
        "parameters": {},
        "model": None,
        "feedback_bits": 32,
        "final_evaluations": tests,
        "wall_seconds": 5400.0,
    } | changes


@pytest.mark.parametrize(
    ("changes", "constants"),
    [
        ({}, "the paper's"),
        ({"feedback_bits": 8}, "the paper's; B in 8 bits"),
        ({"weight_bits": 16}, "the paper's; W read in 16 bits"),
        ({"parameters": {"eta": "0.01"}}, "eta = 0.01"),
        ({"model": "models/eta_annealed.py"}, "eta_annealed.py"),
        ({"layer_sizes": [784, 500, 1000]}, "hidden layers 500"),
        ({"rule": "bp", "steps": 10}, "rule bp, 10 and 5 steps an image"),
        ({"shift": 1}, "images shifted by at most 1 pixel"),
        ({"rotate": 7.5}, "images rotated by at most 7.5°"),
        ({"shift": 2, "rule": "bp"}, "rule bp, images shifted by at most 2 pixels"),
    ],
)
def test_rows_say_whether_their_constants_are_the_papers(changes, constants):
    (row,) = rows_of("fig4", "fig4", spiking(**changes), "a command")
    ours = (
        "2.00 (SD 0.06) % with 5 steps (3.00 (SD 0.10) % by the last step alone), "
        "1.80 (SD 0.06) % with 25 steps (2.80 (SD 0.10) % by the last step alone)"
    )
    cells = row.cells
    assert (cells["constants"], cells["passes"], cells["hours"]) == (
        *(constants, "20"),
        "1.5",
    )
    papers = constants.startswith("the paper's")
    assert cells["at_the_papers_constants"] == (ours if papers else "")
    assert cells["at_our_best"] == ("" if papers else ours)


@pytest.mark.parametrize(
    ("settings", "constants"),
    [
        ({}, "the paper's"),
        ({"eta": 0.03}, "eta = 0.03"),
        ({"gamma": 0.0, "hidden": [500]}, "gamma = 0.0, hidden layers 500"),
    ],
)
def test_rows_of_the_rate_network_on_images(settings, constants):
    base = {"eta": 1e-3, "gamma": 1e-6, "hidden": [1000], "passes": 300}
    learner = {
        "settings": base | settings,
        "final_error_mean_and_sem": [2.0, 0.05],
        "error_at_best_pass_mean_and_sem": [1.9, None],
        "best_pass": 280.0,
    }
    found = {"learners": {"fa": learner}, "seeds": [1, 2], "run_seconds": 7200.0}
    (row,) = rows_of("fig3a", "fig3a-paper", found, "a command")
    assert (row.constants, row.passes, row.hours) == (constants, "300", 2.0)
    assert row.ours.startswith("2.00 ± 0.05 % (1.90 % at the best pass, 280, ")


def test_rows_of_deeper_and_wider_networks():
    def row(layers, mean, sem=None):
        return {"layers": layers, "error_mean_and_sem": [mean, sem]}

    def run(layers, eta=0.01):
        shared = {"rule": "dfa", "passes": 1, "images": 20_000}
        return shared | {"layers": layers, "eta": eta}

    runs = [run([500]), run([500] * 2), run([700] * 3, 0.08)]
    found = {
        "network": "spiking",
        "settings": {str(run["layers"]): run for run in runs},
        "seeds": [1],
        "run_seconds": 60.0,
        "sweeps": {
            "depth": {"dfa": {"1": row([500], 9.5), "2": row([500] * 2, 8.0, 0.5)}},
            "width": {"dfa": {"700": row([700] * 3, 7.0)}},
        },
    }
    deep, wide = rows_of("depth", "depth", found, "a command")
    what = "spiking network, direct feedback alignment"
    assert deep.what == f"{what}, 1, 2 hidden layers of 500 units"
    assert deep.ours == "9.50, 8.00 ± 0.50 %"
    assert deep.constants == "eta = 0.01"
    assert (deep.passes, deep.command) == ("1 of 20000 images", "a command")
    assert wide.what == f"{what}, 3 hidden layers of 700 units"
    assert (wide.ours, wide.constants) == ("7.00 %", "eta = 0.08")
    runs[1]["eta"] = 0.02
    deep, wide = rows_of("depth", "depth", found, "a command")
    assert deep.constants == "eta = 0.01, 0.02"
    searched = found | {"held_out_error_percent": {}}
    deep, wide = rows_of("depth", "depth-search", searched, "a command")
    assert deep.constants == "eta = 0.01, 0.02, the best on held-out images"


def test_rows_of_several_seeds_and_of_held_out_images():
    found = spiking(seeds=[1, 2, 3], validation=10_000, images_seen=100_000)
    found["final_evaluations"] = [
        {
            "steps": 5,
            "images": "validation",
            "error_percent": {"mean": 2.0, "sem": 0.05, "all": []},
            "last_step_error_percent": {"mean": 2.2, "sem": 0.06, "all": []},
        }
    ]
    (row,) = rows_of("fig4", "fig4", found, "a command")
    assert row.ours == (
        "2.00 ± 0.05 % of held-out images (2.20 ± 0.06 % by the last step alone)"
    )
    assert (row.seeds, row.passes) == ("1 to 3", "2")


def test_a_row_has_the_errors_of_averaged_weights_too():
    found = spiking(average=4.0)
    found["averaged_evaluations"] = [
        {
            "steps": 5,
            "images": "test",
            "error_percent": {"mean": 1.5, "sd": 0.05, "all": []},
            "last_step_error_percent": {"mean": 1.9, "sd": 0.06, "all": []},
        }
    ]
    (row,) = rows_of("fig4", "fig4", found, "a command")
    assert row.ours.endswith(
        "last step alone); averaged over the last 4 passes: 1.50 (SD 0.05) % "
        "(1.90 (SD 0.06) % by the last step alone)"
    )


def test_a_row_says_how_much_was_removed():
    found = spiking(removed=0.5, parameters={"eta": 0.01}, model=None)
    (row,) = rows_of("removed", "removed", found, "a command")
    assert row.constants.endswith("50% of W and B removed")
    assert not row.cells["at_the_papers_constants"]


@pytest.mark.parametrize("kind", ["--network rate", "--removed 0.5", "--rule kp"])
def test_quick_is_smaller_but_of_the_same_kind(reproduce, kind):
    assert kind in reproduce("--plan", "--quick")[1]


def test_published_results_are_small():
    curve = [
        {"images_seen": n, "test_error_percent": 3.0 if n % 10 == 0 else None}
        for n in range(1, 31)
    ]
    found = publish.small_results(spiking(learning_curve=curve))
    assert [point["images_seen"] for point in found["learning_curve"]] == [10, 20, 30]
    assert found["final_evaluations"] == spiking()["final_evaluations"]


@pytest.mark.parametrize(
    ("model", "published"),
    [
        (parts.ROOT / "models" / "delta.py", "models/delta.py"),
        (Path("/somewhere/else/mine.py"), "mine.py"),
        (Path("mine.py"), "mine.py"),
        (None, None),
    ],
)
def test_published_results_name_no_folder_of_this_machine(model, published):
    found = publish.small_results({"model": model and str(model)})
    assert found == {"model": published}


@pytest.mark.parametrize("path", sorted(FIGURES.glob("*.json")), ids=lambda p: p.stem)
def test_no_published_results_name_a_folder_of_a_machine(path):
    def strings(value):
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            return [text for part in value for text in strings(part)]
        return [value] if isinstance(value, str) else []

    absolute = re.compile(r"(?:^|[\s=:])/\w")
    found = strings(json.loads(path.read_text()))
    assert [text for text in found if absolute.search(text)] == []


def test_failure_is_one_line_and_leaves_no_table(reproduce, monkeypatch, tmp_path):
    monkeypatch.setattr(parts, "_wait", lambda command: 1)
    code, _, err = reproduce("--only", "fig2")
    assert code == 2
    assert "linear.py" in err.splitlines()[-1]
    assert "failed (exit code 1)" in err.splitlines()[-1]
    assert not (tmp_path / "results.md").exists()


@pytest.mark.slow
@pytest.mark.timeout(3600)  # nearly every part compiles a program
def test_quick_runs_every_part(reproduce, tmp_path):
    code, out, _ = reproduce("--quick")
    assert code == 0
    assert (tmp_path / "rules.png").read_bytes().startswith(b"\x89PNG")
    for figure in ("2", "3a", "3d", "4", "5", "(rules)", "(choices)", "(depth)"):
        assert f"| {figure} |" in out
