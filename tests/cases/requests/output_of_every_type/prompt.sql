-- The answer's schema in the words of the service: types, bounds, labels, what may be null.
{% output %}
  label STRING NOT NULL CHECK (label IN ('it\'s', 'b"c', '日本')) OPTIONS (description = 'one of "three"'),
  note STRING CHECK (LENGTH(note) <= 80),
  score FLOAT64 NOT NULL CHECK (score BETWEEN 0 AND 1),
  share NUMERIC CHECK (share > 0.5 AND share < 99.25),
  stars INT64 CHECK (stars > 0 AND stars < 6),
  grade INT64 CHECK (grade IN (3, 1, 2)),
  sure BOOL NOT NULL,
  day DATE,
  at TIMESTAMP,
  local DATETIME,
  clock TIME,
  topics ARRAY<STRING> NOT NULL CHECK (ARRAY_LENGTH(topics) < 4),
  person STRUCT<name STRING NOT NULL, age INT64 CHECK (age >= 0)>,
  items ARRAY<STRUCT<sku STRING NOT NULL OPTIONS (description = 'as printed'), prices ARRAY<NUMERIC>>>
{% endoutput %}

SELECT 1 AS key, {{ prompt('Describe it.') }} AS prompt
