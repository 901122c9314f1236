{# Code that runs for every synapse (run_regularly).

   USES_VARIABLES { N_pre, N_post, _pre_start, _post_start }
   ALLOWS_SCALAR_WRITE
#}
{% extends 'common_group.cpp' %}
{% from 'dense_macros.cpp' import collect_rows, flush, if_connected, round_to_copy, team_class with context %}

{% block extra_headers %}
{{team_class()}}
{% endblock %}

{% block maincode %}
    {% set idle_if_zero, masked = _plan.idle_if_zero, _plan.masked %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    {% set pending = owner.pending_for(variables) %}
    {% if pending %}
    if ({{get_array_name(pending['count'])}}[0])
    {{flush(pending)|autoindent}}
    {% endif %}

    {# Collected first: a condition in the loop over rows keeps GCC from vectorising. #}
    {{collect_rows(idle_if_zero)|autoindent}}
    for (int32_t _next = 0; _next < _num_rows; _next++)
    {
        const int32_t _row = _rows[_next];
        const int32_t _presynaptic_idx = _row + _pre_start;
        const size_t _first = (size_t)_row * N_post;
        for (int32_t _column = 0; _column < N_post; _column++)
        {
            const int32_t _postsynaptic_idx = _column + _post_start;
            const size_t _idx = _first + _column;
            const size_t _vectorisation_idx = _idx;
            {{if_connected(masked)|autoindent}}
            {
            {{vector_code|autoindent}}
            }
        }
    }
    {% if pending and pending['copy'] %}
    {{round_to_copy(pending, 0, '(int64_t)N_pre * N_post')|autoindent}}
    {% endif %}
{% endblock %}
