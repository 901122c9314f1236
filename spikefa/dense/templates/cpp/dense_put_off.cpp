{# Store the update of the rows of the neurons that spiked; make all stored updates
   when there is no room for another one, and after a run.

   USES_VARIABLES { N_pre, N_post, _pre_start, _post_start }
#}
{% extends 'common_group.cpp' %}
{% from 'dense_macros.cpp' import flush, round_to_copy, team_class with context %}

{% block extra_headers %}
{{team_class()}}
{% endblock %}

{% block maincode %}
    {% set eventspace_variable, pending = _plan.eventspace_variable, _plan.pending %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    {% set _count = get_array_name(pending['count']) %}
    const int32_t* _events = {{_eventspace}};
    const int32_t _num_events = {{_eventspace}}[{{eventspace_variable.size - 1}}];
    if (_num_events == 0) return;

    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code['increment']|autoindent}}

    const int32_t _update = {{_count}}[0];
    {{c_data_type(pending['dtype'])}}* __restrict _to =
        {{get_array_name(pending['updates'])}} + (size_t)_update * N_post;
    for (int32_t _column = 0; _column < N_post; _column++)
    {
        const int32_t _postsynaptic_idx = _column + _post_start;
        const size_t _vectorisation_idx = _column;
        {{vector_code['increment']|autoindent}}
        _to[_column] = _increment;
    }
    for (int32_t _event = 0; _event < _num_events; _event++)
    {
        const int32_t _row = _events[_event] - _pre_start;
        if (_row < 0 || _row >= N_pre) continue;
        {{get_array_name(pending['rows'])}}[_row] |= 1u << _update;
    }
    {{_count}}[0] = _update + 1;
    if (_update + 1 == {{pending['capacity']}})
    {{flush(pending)|autoindent}}
{% endblock %}

{% block before_code %}
    {% set pending = _plan.pending %}
    {% if pending['copy'] %}
    // what was set between the runs
    {{round_to_copy(pending, 0, '(int64_t)N_pre * N_post')|autoindent}}
    {% endif %}
{% endblock %}

{% block after_code %}
    {% set pending = _plan.pending %}
    {{flush(pending, parallel=False)|autoindent}}
{% endblock %}
