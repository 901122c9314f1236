{# Set a synaptic variable at given indices from a string expression.

   USES_VARIABLES { _group_idx, N_post, _pre_start, _post_start }
   ALLOWS_SCALAR_WRITE
#}
{% extends 'common_group.cpp' %}

{% block maincode %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    for (size_t _idx_group_idx = 0; _idx_group_idx < _num_group_idx; _idx_group_idx++)
    {
        const size_t _idx = {{_group_idx}}[_idx_group_idx];
        const size_t _vectorisation_idx = _idx;
        const int32_t _presynaptic_idx = _idx / N_post + _pre_start;
        const int32_t _postsynaptic_idx = _idx % N_post + _post_start;
        {{vector_code|autoindent}}
    }
{% endblock %}
