-- One system text, with everything in it that a literal has to escape.
{% system %}
  You're a "label" maker: 'x', `y`, """z""", back\slash \n, tab	, {"json": [1]}, \{brace}.
  Second line: é, 日本, 😀.
{% endsystem %}

SELECT id AS key, {{ prompt('Label {word}') }} AS prompt
FROM (SELECT 1 AS id, 'one' AS word UNION ALL SELECT 2, 'two')
