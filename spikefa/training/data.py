"""What a network learns from: images with labels, or examples of a regression task."""

from dataclasses import replace

import numpy as np

from ..datasets.regression import Task
from ..errors import InputError
from ..seeds import spike_seed
from .evaluation import evaluate, evaluate_vectors, guesses
from .moves import Rotations, Shifts
from .schedule import Schedule
from .stages import Stage, StagedSchedule

__all__ = ["data_of", "hold_out", "planned"]


def hold_out(dataset, n):
    """Take test images from the end of the training images.

    Parameters
    ----------
    dataset : Dataset
    n : int
        How many; the images of the real test set are left out altogether.

    Returns
    -------
    dataset : Dataset

    Raises
    ------
    InputError
        If too few training images are left to learn all classes from.
    """
    labels = dataset.train_labels
    refused = f"cannot hold out {n} of {len(labels)} training images"
    if not 0 < n < len(labels):
        raise InputError(refused)
    if lost := sorted(set(labels[-n:].tolist()) - set(labels[:-n].tolist())):
        raise InputError(f"{refused}: the others have none of class {lost[0]}")
    return replace(
        dataset,
        name=f"{dataset.name} without test images",
        train_images=dataset.train_images[:-n],
        train_labels=dataset.train_labels[:-n],
        test_images=dataset.train_images[-n:],
        test_labels=dataset.train_labels[-n:],
    )


def planned(
    dataset,
    *,
    seed=1,
    epochs=1,
    images=None,
    test_images=None,
    held_out=0,
    evaluate_every=None,
    interim_images=0,
    stages=None,
    chunk_images=1,
    shuffle=None,
    shift=0,
    rotate=0.0,
    **others,
):
    """Say what a training learns from and in which order, before there is a network.

    Parameters
    ----------
    dataset : Dataset or Task
    **others
        Of `Trainer`; those that say nothing about the images are left out.

    Returns
    -------
    data : Labelled or Vectors
    schedule : Schedule or StagedSchedule

    Raises
    ------
    InputError
        If there are too few images for it, or if a number makes no sense.
    """
    data = data_of(dataset, held_out, test_images, shift, rotate, seed)
    schedule = data.schedule(
        seed,
        epochs=epochs,
        images=images,
        stages=stages,
        every=evaluate_every,
        chunk=chunk_images,
        shuffle=shuffle,
    )
    if interim_images < 0:
        raise InputError(f"interim_images must be 0 or more, got {interim_images}")
    if interim_images and not hasattr(schedule, "interim_due"):
        raise InputError("there are interim tests in passes over images only")
    return data, schedule


def data_of(dataset, held_out, test_images, shift=0, rotate=0.0, seed=1):
    """Prepare what a training learns from and is tested with.

    Parameters
    ----------
    dataset : Dataset or Task
    held_out : int
        Instead of the test images, this many of the training images are tested with
        and not learned from; 0: the test images.
    test_images : int or None
        Of one evaluation; None: all.
    shift : int, optional
        Pixels by which training images are moved at most, see `Shifts`.
    rotate : float, optional
        Degrees by which they are rotated at most, see `Rotations`.
    seed : int, optional
        What moves follow from.

    Returns
    -------
    data : Labelled or Vectors

    Raises
    ------
    InputError
        If there are not so many, or if they cannot be moved.
    """
    if isinstance(dataset, Task):
        for option, value in (("shift", shift), ("rotate", rotate)):
            if value:
                raise InputError(f"the examples of a task are no images: {option} 0")
        return Vectors(dataset, held_out, test_images)
    return Labelled(dataset, held_out, test_images, shift, rotate, seed)


class Labelled:
    """Images that belong to classes."""

    def __init__(self, dataset, held_out, test_images, shift=0, rotate=0.0, seed=1):
        self.dataset = dataset = hold_out(dataset, held_out) if held_out else dataset
        self.tested = "validation" if held_out else "test"
        self.n_train, n_test = len(dataset.train_labels), len(dataset.test_labels)
        self.test_images = n_test if test_images is None else test_images
        check_test_images(dataset, self.test_images)
        shape = dataset.image_shape
        self.moves = [
            kind(most, shape, self.n_train, seed)
            for kind, most in ((Rotations, rotate), (Shifts, shift))
            if most
        ]

    def check(self, arch):
        """Refuse a network that the images do not fit."""
        dataset = self.dataset
        if arch.vector_target:
            raise InputError(
                "images with labels do not fit a network of vector targets"
            )
        if dataset.train_images.shape[1] != arch.layer_sizes[0]:
            raise InputError(
                f"images of {dataset.train_images.shape[1]} pixels do not fit "
                f"{arch.layer_sizes[0]} input neurons"
            )
        if dataset.n_classes != arch.n_classes:
            raise InputError(
                f"the data set has {dataset.n_classes} classes, the network "
                f"{arch.n_classes}"
            )

    def schedule(self, seed, *, epochs, images, stages, every, chunk, shuffle):
        """Return passes, or the stages."""
        shuffle = shuffle or "every"
        if stages:
            every = every or self.n_train
            return StagedSchedule(
                self.n_train, tuple(stages), every, chunk, seed, shuffle
            )
        images = self.n_train if images is None else images
        return Schedule(self.n_train, images, epochs, chunk, seed, shuffle, every)

    def examples(self, indices, epoch):
        """Return images of a pass, one byte a pixel, and labels."""
        images = self.dataset.train_inputs.take(indices, axis=0)
        for move in self.moves:
            images = move(images, indices, epoch)
        return images, self.dataset.train_labels[indices]

    def seed(self, seed, chunk, start):
        """Return the seed of the spikes of a chunk."""
        return spike_seed(seed, "training", chunk)

    def judge(self, output, repeats, labels):
        """Return the guesses and the measures of a chunk."""
        guessed, _ = guesses(output, repeats)
        wrong = 100 * float((guessed != labels).mean())
        return guessed, {"online_error_percent": wrong}

    def evaluate(self, session, *, seed, steps, index, repetition, progress, part):
        """See `evaluate`; a part of the test images is evenly spaced among them."""
        n = min(part or self.test_images, self.test_images)
        shown = np.arange(n) * self.test_images // n
        evaluation = evaluate(
            session,
            self.dataset.test_inputs.take(shown),
            self.dataset.test_labels[shown],
            seed=seed,
            steps=steps,
            index=index,
            repetition=repetition,
            progress=progress,
        )
        n_tested = n if n < self.test_images else None
        return replace(evaluation, images=self.tested, n_tested=n_tested)


class Vectors:
    """Examples of a regression task, in their own order."""

    #: What is tested with.
    tested = "test"

    def __init__(self, task, held_out, test_images):
        if held_out:
            raise InputError("a regression task has examples to test with: hold out 0")
        if test_images is not None:
            check_test_number(test_images, len(task.test_inputs))
            task = replace(
                task,
                test_inputs=task.test_inputs[:test_images],
                test_targets=task.test_targets[:test_images],
            )
        self.dataset, self.n_train = task, len(task)
        self.test_images = len(task.test_inputs)

    def check(self, arch):
        """Refuse a network that the examples do not fit."""
        task = self.dataset
        if not arch.vector_target:
            raise InputError("a regression task needs a network of vector targets")
        for which, values, size in (
            ("inputs", task.inputs, arch.layer_sizes[0]),
            ("targets", task.targets, arch.layer_sizes[-1]),
        ):
            if np.shape(values)[1:] != (size,):
                raise InputError(
                    f"{which} of shape {np.shape(values)} do not fit {size} neurons"
                )

    def schedule(self, seed, *, epochs, images, stages, every, chunk, shuffle):
        """Return the stages; without any all layers learn from all examples."""
        if epochs != 1:
            raise InputError(
                f"the examples of a task are shown once, not {epochs} times"
            )
        if shuffle not in (None, "never"):
            raise InputError(
                f"the examples of a task have an order: no shuffle {shuffle}"
            )
        stages = tuple(stages or [Stage(self.n_train if images is None else images)])
        every = every or max(1, sum(stage.examples for stage in stages))
        return StagedSchedule(self.n_train, stages, every, chunk, seed)

    def examples(self, indices, epoch):
        """Return inputs and targets."""
        return self.dataset.inputs[indices], self.dataset.targets[indices]

    def seed(self, seed, chunk, start):
        """Return the seed of what a rule draws in a chunk."""
        return spike_seed(seed, "examples", start)

    def judge(self, output, repeats, targets):
        """There are no guesses, and too few examples to measure an error with."""
        return None, {}

    def evaluate(self, session, *, seed, steps, index, repetition, progress, part):
        """See `evaluate_vectors`."""
        return evaluate_vectors(
            session,
            self.dataset.test_inputs,
            self.dataset.test_targets,
            steps=steps,
            progress=progress,
        )


def check_test_images(dataset, number):
    """Refuse to evaluate on more images than there are."""
    check_test_number(number, len(dataset.test_labels))


def check_test_number(number, there):
    """Refuse to evaluate on more examples than there are."""
    if not 1 <= number <= there:
        raise InputError(f"{number} test images asked for, the data set has {there}")
