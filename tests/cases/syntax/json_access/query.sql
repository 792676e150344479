-- Fields and items of JSON by name and place; what is not there is NULL, null is JSON's.
SELECT
  n,
  j.a AS field,
  j.a.b AS deep,
  j.l[0] AS item,
  j.l[1].c AS field_of_item,
  j['a'] AS by_name,
  j.l[9] AS no_item,
  j.l[-1] AS below,
  j.A AS other_case,
  j.`d e` AS quoted,
  j.n IS NULL AS is_null,
  JSON_VALUE(j.a.b) AS text,
  t.j.l
FROM UNNEST([
  STRUCT(1 AS n, JSON '{"a": {"b": "x"}, "l": [1.50, {"c": true}], "d e": 1, "n": null}' AS j), (2, JSON '{"a": 1, "l": {"0": 1}}'), (3, JSON '[1]'), (4, JSON '"s"'), (5, NULL)
]) AS t
ORDER BY n
