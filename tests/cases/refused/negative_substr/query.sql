-- As in GoogleSQL, an error.
SELECT SUBSTR('abc', 1, n) AS x FROM UNNEST([-1]) AS n
