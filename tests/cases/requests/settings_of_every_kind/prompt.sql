-- Safety, tools, labels and further fields; labels are in the request but not in the hash.
{{ config(
  safety = {'harassment': 'off', 'dangerous_content': 'high'},
  tools = ['google_search', {'functionDeclarations': [{'name': 'f'}]}],
  labels = {'team': 'reviews', 'run': ''},
  request_extra = {'generationConfig': {'topK': 3, 'stopSequences': ["it's", 'ü']}, 'toolConfig': {'functionCallingConfig': {'mode': 'NONE'}}},
  temperature = 0,
) }}
SELECT 1 AS key, {{ prompt('Say hello.') }} AS prompt
