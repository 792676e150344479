-- What all requests begin with, across blocks of 500 characters, and the text that all end with; accents stay whole.
{% system %}Be brief.{% endsystem %}
{% output %}label STRING NOT NULL CHECK (label IN ('a', 'b')){% endoutput %}
SELECT
  id AS key,
  CONCAT(REPEAT('Décide. ', 70), 'Word: ', word, REPEAT(' Say why.', 40)) AS prompt
FROM (SELECT 1 AS id, 'eté' AS word UNION ALL SELECT 2, 'été' UNION ALL SELECT 3, 'êté')
