"""The report of ``benchmark.py`` as text."""

from spikefa.sims.benchmarks.configurations import RATE

__all__ = ["table"]

#: Columns: what is measured, the heading and the format.
COLUMNS = {
    "ms_per_step": ("ms/step", "8.3f"),
    "floor_ms": ("floor", "7.2f"),
    "times_floor": ("x floor", "8.2f"),
    "copy_gb_per_s": ("copy", "6.1f"),
    "read_gb_per_s": ("read", "6.1f"),
    "moved_gb_per_s": ("moved", "6.1f"),
    "peak_mb": ("MB", "6.0f"),
    "build_seconds": ("build s", "9.1f"),
    "start_seconds": ("start s", "9.1f"),
}


def table(report):
    """Lay the report out as text."""
    floor = [
        "time that a memory copy",
        "of the bytes of a step took on as many threads, measured beside each run;",
        "copy, read, moved: GB/s of memory copied, of memory read, and of the step,",
        "which with updates put off moves fewer bytes than the floor",
    ]
    if report["device"] == "cuda":
        floor = [
            "time that the bytes",
            "of a step need at the bandwidth of the card's memory, as its driver says;",
            "copy, moved: GB/s of that memory, and of the step, which with updates put",
            "off moves fewer bytes than the floor",
        ]
    machine = report.get("machine", {})
    lines = [
        *(machine[name] for name in ("processor", "compiler") if name in machine),
        f"network {'-'.join(map(str, report['sizes']))}, float32; the floor is the "
        f"{floor[0]}",
        *floor[1:],
        "",
        f"{'':34}" + "".join(f"{title:>{form[0]}}" for title, form in COLUMNS.values()),
    ]
    rate = {}
    for name, result in report["configurations"].items():
        if name.startswith("rate, "):
            rate[name.removeprefix("rate, ")] = result
            continue
        cells = [
            format(result[key], form) if key in result else " " * int(form[0])
            for key, (_, form) in COLUMNS.items()
        ]
        lines.append(f"{name:34}" + "".join(cells))
    if rate:
        lines += ["", f"{'rate ' + '-'.join(map(str, RATE)):34}{'images/s':>8}"]
    lines += [f"{name:34}{of['images_per_second']:8.0f}" for name, of in rate.items()]
    lines += ["", "time of one by time of the other, median over rounds"]
    lines += [f"{name:60}{ratio:6.2f}" for name, ratio in report["ratios"].items()]
    if "scaling" in report:
        lines += ["", f"{'dense, hidden neurons':34}{'ms/step':>8}"]
        lines += [f"{name:34}{ms:8.3f}" for name, ms in report["scaling"].items()]
    return "\n".join(line.rstrip() for line in lines)
