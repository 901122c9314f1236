"""A learning rate that falls to a tenth every twenty passes over the training images.

The paper has a constant eta (*paper*). A large one learns fast and ends where its last
steps leave it; a small one ends better and takes ten times longer. Here::

    eta = eta_0 0.1^(passes / eta_passes)

where ``passes(t)`` counts the images that have been learned, in passes over all of
them; it goes on when a training is resumed. Weight decay is inside the bracket of eta
and falls alike. For ``--model``, with ``--set eta_0=0.02`` for another start.
"""

eta_0 = 0.01
eta_passes = 20.0
eta = "eta_0*0.1**(passes(t)/eta_passes)"
