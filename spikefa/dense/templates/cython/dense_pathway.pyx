{# Statements for the synapses of the neurons that spiked. A row of the matrix holds
   the synapses of one presynaptic neuron.

   USES_VARIABLES { N_pre, N_post, _pre_start, _post_start }
#}
{% extends 'common_group.pyx' %}
{% from 'dense_macros.pyx' import leave_out, over_events with context %}

{% set _own, _other = ('pre', 'post') if _plan.prepost == 'pre' else ('post', 'pre') %}

{% block maincode %}
    {% set prepost, eventspace_variable, masked = _plan.prepost, _plan.eventspace_variable, _plan.masked %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    cdef int _event, _row, _column
    cdef int _num_events = {{_eventspace}}[{{eventspace_variable.size - 1}}]

    {% if 'others' in vector_code %}
    # all neurons of the other side
    if _num_events:
        _vectorisation_idx = 1
        {{ scalar_code['others'] | autoindent }}
        for _{{_other}}synaptic_idx in range(_{{_other}}_start, _{{_other}}_start + N_{{_other}}):
            _vectorisation_idx = _{{_other}}synaptic_idx
            {{ vector_code['others'] | autoindent }}
    {% endif %}
    {% if 'own' in vector_code %}
    {{over_events('own', _own, _eventspace)}}
    {% endif %}

    # scalar code
    _vectorisation_idx = 1
    {{ scalar_code['rows'] | autoindent }}

    {% if prepost == 'pre' %}
    for _event in range(_num_events):
        _presynaptic_idx = {{_eventspace}}[_event]
        _row = _presynaptic_idx - _pre_start
        if _row < 0 or _row >= N_pre:
            continue
        for _column in range(N_post):
            _postsynaptic_idx = _column + _post_start
            _idx = <size_t>_row * N_post + _column
            _vectorisation_idx = _idx
            {{ leave_out(masked) }}
            {{ vector_code['rows'] | autoindent }}
    {% else %}
    for _event in range(_num_events):
        _postsynaptic_idx = {{_eventspace}}[_event]
        _column = _postsynaptic_idx - _post_start
        if _column < 0 or _column >= N_post:
            continue
        for _row in range(N_pre):
            _presynaptic_idx = _row + _pre_start
            _idx = <size_t>_row * N_post + _column
            _vectorisation_idx = _idx
            {{ leave_out(masked) }}
            {{ vector_code['rows'] | autoindent }}
    {% endif %}
    {% if 'own_after' in vector_code %}
    {{over_events('own_after', _own, _eventspace)}}
    {% endif %}
{% endblock %}
