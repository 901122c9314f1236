"""The parts of a recording that the paper's Fig. 4 shows: early and late."""

__all__ = ["WINDOW_IMAGES", "take_window"]

#: Images whose steps are kept at the start and at the end of the training.
WINDOW_IMAGES = 20


def take_window(traces, when, n_images, steps, dt):
    """Cut a window of some images out of what one chunk recorded.

    Parameters
    ----------
    traces : dict
        `ChunkResult.traces`.
    when : {'early', 'late'}
        Whether to keep the first images or the last ones.
    n_images : int
        Images of the chunk.
    steps : int
        Time steps per image.
    dt : float
        Seconds per time step.

    Returns
    -------
    window : dict
        Arrays by ``"when/monitor.variable"``: values step by step of state monitors,
        ``i`` and ``t`` (in seconds from the start of the window) of spike monitors.
    """
    kept = min(WINDOW_IMAGES, n_images) * steps
    start = 0 if when == "early" else n_images * steps - kept
    window = {}
    for monitor, arrays in traces.items():
        if "i" in arrays:
            step = (arrays["t"] / dt).round().astype(int)
            inside = (step >= start) & (step < start + kept)
            cut = {
                "i": arrays["i"][inside],
                "t": (step[inside] - start) * dt,
            }
        else:
            cut = {name: a[start : start + kept] for name, a in arrays.items()}
        window |= {f"{when}/{monitor}.{name}": value for name, value in cut.items()}
    return window
