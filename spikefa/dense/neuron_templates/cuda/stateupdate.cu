{# USES_VARIABLES { N }
   ALLOWS_SCALAR_WRITE
#}
{% extends 'part.cu' %}
