{# Set a synaptic variable at given indices from a string expression.

   USES_VARIABLES { N, _group_idx, N_post, _pre_start, _post_start }
   ALLOWS_SCALAR_WRITE
#}
{% extends 'common_group.cu' %}

{% block define_N %}
    const int _N = _num_group_idx;
{% endblock %}

{% block kernel_maincode %}
    {% if not vector_code|join|trim %}
    {# A shared variable: once. #}
    if (_vectorisation_idx != 0)
        return;
    {% endif %}
    ///// scalar_code /////
    {{scalar_code|autoindent}}

    _idx = {{_group_idx}}[_vectorisation_idx];
    _vectorisation_idx = _idx;
    const int _presynaptic_idx = _idx / N_post + _pre_start;
    const int _postsynaptic_idx = _idx % N_post + _post_start;

    ///// vector_code /////
    {{vector_code|autoindent}}
{% endblock kernel_maincode %}

{# What runs on the host before the network may read them. #}
{% block extra_kernel_call_post %}
    {% for variable, name in written_variables.items() %}
    CUDA_SAFE_CALL(
            cudaMemcpy({{name}}, dev{{name}}, sizeof({{c_data_type(variable.dtype)}})*_num_{{name}}, cudaMemcpyDeviceToHost)
            );
    {% endfor %}
{% endblock %}
