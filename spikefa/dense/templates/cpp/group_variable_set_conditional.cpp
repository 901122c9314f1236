{# Set a synaptic variable where a string condition holds.

   USES_VARIABLES { N_pre, N_post, _pre_start, _post_start }
   ALLOWS_SCALAR_WRITE
#}
{% extends 'common_group.cpp' %}

{% block maincode %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code['condition']|autoindent}}
    {{scalar_code['statement']|autoindent}}

    for (int32_t _row = 0; _row < N_pre; _row++)
    {
        const int32_t _presynaptic_idx = _row + _pre_start;
        for (int32_t _column = 0; _column < N_post; _column++)
        {
            const int32_t _postsynaptic_idx = _column + _post_start;
            const size_t _idx = (size_t)_row * N_post + _column;
            const size_t _vectorisation_idx = _idx;
            {% if owner.mask is not none %}
            if (!{{get_array_name(owner.mask)}}[_idx]) continue;
            {% endif %}
            {{vector_code['condition']|autoindent}}
            if (_cond)
            {
                {{vector_code['statement']|autoindent}}
            }
        }
    }
{% endblock %}
