"""Testing the same weights several times, with other spikes each time.

The error that some weights have on 10,000 images differs by 0.1 to 0.2 % from one draw
of spikes to the next, with five time steps an image. A final error is the mean of
several.
"""

from statistics import fmean, stdev

from ..errors import InputError

__all__ = ["evaluate_repeatedly", "spread"]


def spread(values):
    """Describe how values spread.

    Parameters
    ----------
    values : list of float

    Returns
    -------
    found : dict
        ``mean``, ``sd`` (the standard deviation of the population that they are a
        sample of; None of a single value) and ``all``, the values.
    """
    values = [float(value) for value in values]
    sd = stdev(values) if len(values) > 1 else None
    return {"mean": fmean(values), "sd": sd, "all": values}


def evaluate_repeatedly(trainer, repetitions, steps=None, progress=None):
    """Test the weights of a trainer several times.

    Every repetition has spikes of its own, which follow from the seed of the trainer,
    the images seen and the number of the repetition. The first one is what the training
    itself measures there.

    Parameters
    ----------
    trainer : Trainer
        Of images with labels.
    repetitions : int
    steps : sequence of int, optional
        Time steps per image of the tests; for each of these all repetitions. Default:
        the test steps of the trainer.
    progress : callable, optional
        Called with the number of images after each run of the network.

    Returns
    -------
    found : list of dict
        For each number of steps: ``steps``; ``images``, ``"test"`` or
        ``"validation"``; and ``error_percent`` and ``last_step_error_percent``, which
        `spread` describes.

    Raises
    ------
    InputError
        If a number makes no sense to the network.
    RunInterrupted
        If the trainer is stopped.
    """
    if repetitions < 1:
        raise InputError(f"repetitions must be 1 or more, got {repetitions}")
    found = []
    for number in steps or (trainer.test_steps,):
        tests = [_test(trainer, number, k, progress) for k in range(repetitions)]
        found.append(
            {
                "steps": number,
                "images": tests[0].images,
                "error_percent": spread(t.error_percent for t in tests),
                "last_step_error_percent": spread(
                    t.last_step_error_percent for t in tests
                ),
            }
        )
    return found


def _test(trainer, steps, repetition, progress):
    known = repetition == 0 and steps == trainer.test_steps
    known &= trainer.evaluated_at == trainer.images_seen
    if known and trainer.evaluation and trainer.evaluation.n_tested is None:
        if progress:
            progress(trainer.test_images)
        return trainer.evaluation
    return trainer.evaluate(progress, steps=steps, repetition=repetition)
