-- Quotes of each kind, raw and over several lines, and every escape.
SELECT
  'it\'s' AS single, "a \"b\"" AS double, r'\d+\n' AS raw, R"a'b\"" AS raw_double, '''three 'quotes'
and a line''' AS triple, r"""raw "three" \d
""" AS raw_triple,
  'a\a\b\f\n\r\t\v\\\?\`z' AS escapes, '\x41\101\u00e9\U0001F600' AS by_number, 'e\u0301' AS combining, '中文😀' AS as_it_is, '' AS empty
