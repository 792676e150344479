-- As in GoogleSQL, an error.
SELECT n / 0 AS x FROM UNNEST([1]) AS n
