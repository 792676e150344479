-- Files stand between the words of a prompt; a part that is NULL keeps its row from being sent.
WITH photos AS (
  SELECT 1 AS id, 'hub' AS product, 'gs://b/1.jpg' AS uri, 'image/jpeg' AS mime
  UNION ALL SELECT 2, 'a "mat"', 'gs://b/2 2.png', 'image/png'
  UNION ALL SELECT 3, 'no file', NULL, 'image/png'
  UNION ALL SELECT 4, NULL, 'gs://b/4.jpg', 'image/jpeg'
  UNION ALL SELECT 5, 'no mime', 'gs://b/5.jpg', NULL
)
SELECT
  id AS key,
  {% prompt %}
    What is on this picture of {product}?

    {{ file('{uri}', '{mime}') }}
    {{ file('gs://all/logo-{id}.png', 'image/png') }}

    Compare it with the logo.
  {% endprompt %} AS parts
FROM photos
