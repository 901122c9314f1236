{# Code that runs for every synapse (run_regularly).

   USES_VARIABLES { N_pre, N_post, _pre_start, _post_start }
   ALLOWS_SCALAR_WRITE
#}
{% extends 'common_group.cpp' %}
{% from 'dense_macros.cpp' import flush with context %}

{% block maincode %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    {% set pending = owner.pending_for(variables) %}
    {% if pending %}
    if ({{pending['count']}}[0])
    {{flush(pending)|autoindent}}
    {% endif %}

    for (int32_t _row = 0; _row < N_pre; _row++)
    {
        const int32_t _presynaptic_idx = _row + _pre_start;
        {% if idle_if_zero %}
        if ({{get_array_name(idle_if_zero)}}[_presynaptic_idx] == 0) continue;
        {% endif %}
        const size_t _first = (size_t)_row * N_post;
        for (int32_t _column = 0; _column < N_post; _column++)
        {
            const int32_t _postsynaptic_idx = _column + _post_start;
            const size_t _idx = _first + _column;
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
        }
    }
{% endblock %}
