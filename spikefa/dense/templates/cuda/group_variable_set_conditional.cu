{# Set a synaptic variable where a string condition holds.

   USES_VARIABLES { N, N_pre, N_post, _pre_start, _post_start }
   ALLOWS_SCALAR_WRITE
#}
{% extends 'common_group.cu' %}

{% block define_N %}
    const int _N = {{owner.N_pre * owner.N_post}};  // with a mask, more than synapses
{% endblock %}

{% block after_return_N %}
    const int _presynaptic_idx = _idx / N_post + _pre_start;
    const int _postsynaptic_idx = _idx % N_post + _post_start;
{% endblock %}

{% block kernel_maincode %}
    {% if not vector_code['statement']|join|trim %}
    {# A shared variable: once. #}
    if (_vectorisation_idx != 0)
        return;
    {% endif %}
    ///// scalar_code /////
    {{scalar_code['condition']|autoindent}}
    {{scalar_code['statement']|autoindent}}

    ///// vector_code /////
    {{vector_code['condition']|autoindent}}
    if (_cond{% if owner.mask is not none %} && {{get_array_name(owner.mask)}}[_idx]{% endif %})
    {
        {{vector_code['statement']|autoindent}}
    }
{% endblock kernel_maincode %}

{# What runs on the host before the network may read them. #}
{% block extra_kernel_call_post %}
    {% for variable, name in written_variables.items() %}
    CUDA_SAFE_CALL(
            cudaMemcpy({{name}}, dev{{name}}, sizeof({{c_data_type(variable.dtype)}})*_num_{{name}}, cudaMemcpyDeviceToHost)
            );
    {% endfor %}
{% endblock %}
