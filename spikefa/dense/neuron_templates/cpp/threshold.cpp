{# Collect the neurons that spike. Half of the neurons of a layer do, at random: the
   processor would guess a condition wrong as often as right, so there is none, where
   nothing but the list of spikes depends on it.

   USES_VARIABLES { N }
#}
{% extends 'common_group.cpp' %}
{% set _eventspace = get_array_name(eventspace_variable) %}

{% block maincode %}
    // scalar code
    const int _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    int32_t _count = 0;
    for (int32_t _idx = 0; _idx < N; _idx++)
    {
        const size_t _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
        {# Written over by the next one if it did not spike; the count comes last. #}
        {{_eventspace}}[_count] = _idx;
        _count += bool(_cond);
        {% if _uses_refractory %}
        if (_cond)
        {
            {{not_refractory}}[_idx] = false;
            {{lastspike}}[_idx] = {{t}};
        }
        {% endif %}
    }
    {{_eventspace}}[N] = _count;
{% endblock %}

{% block after_code %}
    {{_eventspace}}[N] = 0;
{% endblock %}
