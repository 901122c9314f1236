"""A learning rate that is held, and then falls to a tenth every twenty passes.

The paper has a constant eta (*paper*). A large one learns fast and ends where its last
steps leave it; a small one ends better and takes ten times longer. Here::

    eta = eta_0 0.1^((passes - eta_held) / eta_passes)      from pass eta_held on
    eta = eta_0                                             before

where ``passes(t)`` counts the images that have been learned, in passes over all of
them; it goes on when a training is resumed. Weight decay is inside the bracket of eta
and falls alike. For ``--model``, with ``--set eta_0=0.02`` for another start, and with
``--set eta_held=9`` for nine passes in which it stays there; below 0, as if so many
passes of its fall were over.
"""

eta_0 = 0.01
eta_held = 0.0
eta_passes = 20.0
eta = "eta_0*clip(0.1**((passes(t) - eta_held)/eta_passes), 0, 1)"
