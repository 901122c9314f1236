{# What neurons that have spiked are reset to.

   USES_VARIABLES { N }
#}
{% extends 'part.cu' %}

{% block unit %}threads{% endblock %}

{% block kernel_maincode %}
    {% set _events = get_array_name(eventspace_variable) %}
    if (_idx >= {{_events}}[_N])
        return;

    ///// scalar_code /////
    {{scalar_code|autoindent}}

    _idx = {{_events}}[_idx];
    _vectorisation_idx = _idx;
    {
        ///// vector_code /////
        {{vector_code|autoindent}}
    }
{% endblock kernel_maincode %}
