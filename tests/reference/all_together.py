"""One model file that uses all that a model file can say besides neurons."""

from brian2 import ms

weight_range = 1.0
feedback_range = 1.0
eta = 0.1
layer_2_eta = "0.05*(1 + step_of_image)"
output_gamma = 0.01

# The clock of the image.
input_neuron = """
phi = images(t, i)*(1 + 0.1*int(new_image)) : 1
shown : integer
"""
input_spike = "phi > 0.4 and not (new_image and i == 2)"
input_on_image = "shown += 1 + int(training)"
on_image = (
    "h *= 0.5; kept = 1 - 0.5*int((i + shown_images) % 3 == 0); shown_images += 1"
)
output_on_image = "kept = 1"
synapse_on_image = "W = clip(W, -0.9, 0.9)"

psp_neuron = """
dh/dt = (b + kept*drive - h + 0.1*correct)/tau_m : 1
dexpected/dt = (correct - expected)/(20*ms) : 1
drive : 1
b : 1
kept : 1
shown_images : integer
total : 1
"""
spike = "h > 0.1*(2 - correct)"
reset = "h = 0"
third_factor = "third_factor = tanh(delta)*(1 + error) : 1"

# Plasticity on both kinds of spikes, in every step, and of one layer.
plastic_synapse = """
W : 1
dW = eta*psi_post*third_factor_post : 1
dapre/dt = -apre/(5*ms) : 1 (event-driven)
dapost/dt = -apost/(4*ms) : 1 (event-driven)
delig/dt = -elig/(3*ms) : 1 (clock-driven)
"""
learn = "apre += 0.1; elig += psi_post; W = clip(W + dW - 0.05*apost, -1, 1)"
learn_post = "apost += 0.1; W = clip(W + 0.05*apre, -1, 1)"
learn_step = "W += 0.1*eta*elig*(correct - expected_post)"
output_synapse = """
W : 1
dW = eta*psi_post*third_factor_post : 1
"""
output_learn = "W += dW"
output_learn_step = "W -= 0.01*eta*error*phi_pre"

# Within layers, and past one.
layer_1_lateral_synapse = "g : 1"
layer_1_lateral_transmit = "h_post -= 0.05*(1 + g)"
layer_1_lateral_learn = "g = clip(g + 0.1*phi_post, 0, 1)"
layer_1_lateral_mask = "i != j"
skip_synapse = "W : 1"
skip_transmit = "drive_post += 0.3*W"
skip_learn = "W += eta*third_factor_post"

# A sum over a layer.
layer_2_sum = "total_post = exp(h_pre) : 1 (summed)"
layer_2_transfer = """
phi = 2*exp(h)/total : 1
psi = 0.25/(1 + phi) : 1
"""

# Masks.
mask = "i != j"
layer_1_mask = "abs(row_i - row_j) < 2 or column_i == 0"
output_mask = [[1, 1, 0, 1], [0, 1, 1, 1], [1, 0, 1, 1], [1, 1, 1, 0]]
feedback_mask = "(i + j) % 3 > 0"

# Delays.
delay = "2*dt"
layer_2_delay = 1.4 * ms
layer_1_lateral_delay = 1 * ms
skip_delay = "long_way*dt"
long_way = 33
feedback_delay = 2 * ms
layer_2_feedback_delay = 1 * ms
