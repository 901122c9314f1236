{# Code that runs for every synapse (run_regularly).

   USES_VARIABLES { N_pre, N_post, _pre_start, _post_start }
   ALLOWS_SCALAR_WRITE
#}
{% extends 'common_group.pyx' %}
{% from 'dense_macros.pyx' import leave_out with context %}

{% block maincode %}
    cdef int _row, _column

    # scalar code
    _vectorisation_idx = 1
    {{ scalar_code | autoindent }}

    for _row in range(N_pre):
        _presynaptic_idx = _row + _pre_start
        for _column in range(N_post):
            _postsynaptic_idx = _column + _post_start
            _idx = <size_t>_row * N_post + _column
            _vectorisation_idx = _idx
            {{ leave_out(_plan.masked) }}
            {{ vector_code | autoindent }}
{% endblock %}
