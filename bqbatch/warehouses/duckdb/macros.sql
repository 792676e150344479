-- GoogleSQL's functions where DuckDB's differ, as native macros. Each has a case under tests/cases that GoogleSQL's
-- reference implementation answers the same. `typeof` of an argument is a constant once a macro is bound, so a CASE
-- over it costs nothing per row. Where the type of the result depends on the types of the arguments, a macro has one
-- body for each, as GoogleSQL has one signature. A body that names an argument twice makes nested calls twice as long.

CREATE SCHEMA IF NOT EXISTS googlesql;
CREATE SCHEMA IF NOT EXISTS bqbatch;

-- Statements that were carried out, so that none is carried out twice.
CREATE TABLE IF NOT EXISTS bqbatch.jobs (job_id VARCHAR, done_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS bqbatch.version (digest VARCHAR);

-- Numbers.

-- A literal such as 1.5 is NUMERIC beside a NUMERIC and FLOAT64 beside anything else.
CREATE OR REPLACE MACRO googlesql.as_number
  (beside BIGINT, literal) AS literal::DOUBLE,
  (beside DOUBLE, literal) AS literal::DOUBLE,
  (beside DECIMAL(38, 9), literal) AS literal::DECIMAL(38, 9);

CREATE OR REPLACE MACRO googlesql.multiply
  (a BIGINT, b BIGINT) AS a * b,
  (a DOUBLE, b DOUBLE) AS a * b,
  (a DECIMAL(38, 9), b DECIMAL(38, 9)) AS (a * b)::DECIMAL(38, 9);

CREATE OR REPLACE MACRO googlesql.minus(a, b) AS
  CASE WHEN typeof(a) = 'DATE' AND typeof(b) = 'DATE' THEN error('bqbatch: a DATE less a DATE is an INTERVAL: write DATE_DIFF(a, b, DAY)') ELSE a - b END;

CREATE OR REPLACE MACRO googlesql.quotient(a, b) AS
  CASE WHEN b = 0 THEN error('bqbatch: division by zero: SAFE_DIVIDE gives NULL')::DOUBLE ELSE a / b END;

-- Digits of a NUMERIC as a whole number, and back from one digit more: DuckDB rounds that one away from zero.
CREATE OR REPLACE MACRO googlesql.numeric_digits(x) AS (x::DECIMAL(38, 9) * 1000000000::DECIMAL(10, 0))::HUGEINT;
CREATE OR REPLACE MACRO googlesql.numeric_quotient(a, b) AS
  ((googlesql.numeric_digits(a) * 10000000000 // googlesql.numeric_digits(b))::DECIMAL(38, 0) * 0.0000000001::DECIMAL(11, 10))::DECIMAL(38, 9);

CREATE OR REPLACE MACRO googlesql.divide
  (a DOUBLE, b DOUBLE) AS googlesql.quotient(a, b),
  (a DECIMAL(38, 9), b DECIMAL(38, 9)) AS googlesql.numeric_quotient(a, b),
  (a BIGINT, b BIGINT) AS googlesql.quotient(a, b);

CREATE OR REPLACE MACRO googlesql.safe_divide
  (a DOUBLE, b DOUBLE) AS CASE WHEN b != 0 THEN a / b END,
  (a DECIMAL(38, 9), b DECIMAL(38, 9)) AS googlesql.numeric_quotient(a, nullif(b, 0)),
  (a BIGINT, b BIGINT) AS CASE WHEN b != 0 THEN a / b END;

CREATE OR REPLACE MACRO googlesql.div
  (a BIGINT, b BIGINT) AS divide(a, b),
  (a DECIMAL(38, 9), b DECIMAL(38, 9)) AS (googlesql.numeric_digits(a) // googlesql.numeric_digits(b))::DECIMAL(38, 9);

-- A FLOAT64 is rounded as the number it is, not as the product with a power of ten, which may be rounded itself:
-- where that product seems to lie halfway, the part that it lost (after Dekker) says on which side.
CREATE OR REPLACE MACRO googlesql.lost(x, p, product) AS
  ((x * 134217729 - (x * 134217729 - x)) * (p * 134217729 - (p * 134217729 - p)) - product)
  + (x * 134217729 - (x * 134217729 - x)) * (p - (p * 134217729 - (p * 134217729 - p)))
  + (x - (x * 134217729 - (x * 134217729 - x))) * (p * 134217729 - (p * 134217729 - p))
  + (x - (x * 134217729 - (x * 134217729 - x))) * (p - (p * 134217729 - (p * 134217729 - p)));
CREATE OR REPLACE MACRO googlesql.round_up(x, p) AS
  CASE
    WHEN abs(x) * p >= 4503599627370496 THEN x
    WHEN abs(x) * p - trunc(abs(x) * p) = 0.5 AND googlesql.lost(abs(x), p::DOUBLE, abs(x) * p) < 0 THEN sign(x) * trunc(abs(x) * p) / p
    ELSE round(x * p) / p
  END;
CREATE OR REPLACE MACRO googlesql.round
  (x BIGINT) AS x::DOUBLE,
  (x DOUBLE) AS round(x),
  (x DECIMAL(38, 9)) AS round(x)::DECIMAL(38, 9);
CREATE OR REPLACE MACRO googlesql.round_off(x, p) AS
  CASE WHEN abs(x) >= 1e37 THEN x ELSE sign(x) * ((trunc(abs(x))::HUGEINT + p::HUGEINT // 2) // p::HUGEINT * p::HUGEINT)::DOUBLE END;
CREATE OR REPLACE MACRO googlesql.round_to
  (x BIGINT, digits) AS CASE WHEN digits >= 0 THEN x::DOUBLE ELSE googlesql.round_off(x::DOUBLE, pow(10, -digits)) END,
  (x DOUBLE, digits) AS CASE WHEN digits >= 0 THEN googlesql.round_up(x, pow(10, digits)) ELSE googlesql.round_off(x, pow(10, -digits)) END,
  (x DECIMAL(38, 9), digits) AS round(x, digits::INTEGER)::DECIMAL(38, 9);
CREATE OR REPLACE MACRO googlesql.ceil
  (x BIGINT) AS x::DOUBLE,
  (x DOUBLE) AS ceil(x),
  (x DECIMAL(38, 9)) AS ceil(x)::DECIMAL(38, 9);
CREATE OR REPLACE MACRO googlesql.floor
  (x BIGINT) AS x::DOUBLE,
  (x DOUBLE) AS floor(x),
  (x DECIMAL(38, 9)) AS floor(x)::DECIMAL(38, 9);
CREATE OR REPLACE MACRO googlesql.trunc
  (x BIGINT) AS x::DOUBLE,
  (x DOUBLE) AS trunc(x),
  (x DECIMAL(38, 9)) AS trunc(x)::DECIMAL(38, 9);
CREATE OR REPLACE MACRO googlesql.sign
  (x BIGINT) AS sign(x)::BIGINT,
  (x DOUBLE) AS CASE WHEN isnan(x) THEN x ELSE sign(x)::DOUBLE END,
  (x DECIMAL(38, 9)) AS sign(x)::DECIMAL(38, 9);
CREATE OR REPLACE MACRO googlesql.sqrt
  (x DOUBLE) AS CASE WHEN x < 0 THEN error('bqbatch: SQRT of a negative number') ELSE sqrt(x) END,
  (x BIGINT) AS CASE WHEN x < 0 THEN error('bqbatch: SQRT of a negative number') ELSE sqrt(x) END;

-- The greatest or least is NULL where one is.
CREATE OR REPLACE MACRO googlesql.unless_null(made, items) AS CASE WHEN made IS NOT NULL AND list_count(items) = len(items) THEN made END;

-- Sums of INT64 are INT64 and means of NUMERIC are NUMERIC; `beside` is what is summed, for its type.
CREATE OR REPLACE MACRO googlesql.total
  (beside BIGINT, made) AS made::BIGINT,
  (beside DOUBLE, made) AS made,
  (beside DECIMAL(38, 9), made) AS made::DECIMAL(38, 9);
CREATE OR REPLACE MACRO googlesql.mean
  (beside BIGINT, made, total, number) AS made,
  (beside DOUBLE, made, total, number) AS made,
  (beside DECIMAL(38, 9), made, total, number) AS googlesql.numeric_quotient(total, nullif(number, 0));

-- Text of values.

-- Text of a FLOAT64: 15 digits, or 17 where those are not enough. Most have few, which DuckDB prints alike but for `.0`.
-- (`least` is an AND that computes both sides, and so the text just once.)
CREATE OR REPLACE MACRO googlesql.float_text(x) AS
  CASE
    WHEN least(strlen(x::VARCHAR) <= 16, abs(x) BETWEEN 0.0001 AND 999999999999999)
      THEN CASE WHEN ends_with(x::VARCHAR, '.0') THEN left(x::VARCHAR, strlen(x::VARCHAR) - 2) ELSE x::VARCHAR END
    WHEN x = 0 THEN '0'
    WHEN NOT isfinite(x) THEN x::VARCHAR
    WHEN printf('%.15g', x)::DOUBLE = x THEN printf('%.15g', x)
    ELSE printf('%.17g', x)
  END;

-- The fraction of a time of day has three digits or six.
CREATE OR REPLACE MACRO googlesql.fraction_text(microseconds) AS
  CASE
    WHEN microseconds % 1000000 = 0 THEN ''
    WHEN microseconds % 1000 = 0 THEN printf('.%03d', microseconds // 1000 % 1000)
    ELSE printf('.%06d', microseconds % 1000000)
  END;

CREATE OR REPLACE MACRO googlesql.text_of
  (x VARCHAR) AS x,
  (x DOUBLE) AS googlesql.float_text(x),
  (x DECIMAL(38, 9)) AS rtrim(rtrim(x::VARCHAR, '0'), '.'),
  (x BIGINT) AS x::VARCHAR,
  (x HUGEINT) AS x::VARCHAR,
  (x BOOLEAN) AS x::VARCHAR,
  (x DATE) AS x::VARCHAR,
  (x TIME) AS left(x::VARCHAR, 8) || googlesql.fraction_text(microsecond(x)),
  (x TIMESTAMP) AS left(x::VARCHAR, 19) || googlesql.fraction_text(microsecond(x)),
  (x TIMESTAMPTZ) AS left(x::VARCHAR, 19) || googlesql.fraction_text(microsecond(x)) || '+00',
  (x BLOB) AS decode(x),
  (x) AS error('bqbatch: a ' || typeof(x) || ' has no text of its own')::VARCHAR;

CREATE OR REPLACE MACRO googlesql.cast_string(x, shown) AS
  CASE
    WHEN typeof(x) = 'JSON' OR ends_with(typeof(x), ']') OR ends_with(typeof(x), ')') AND NOT starts_with(typeof(x), 'DECIMAL')
      THEN error('bqbatch: `' || shown || '` is ' || typeof(x) || ', which has no text of its own')
    ELSE googlesql.text_of(x)
  END;

-- JSON text of a STRING: eleven characters are written otherwise than DuckDB's to_json does. A search for a short
-- text is cheap, so that only a text that holds one of them is spelled character by character.
CREATE OR REPLACE MACRO googlesql.string_json(x) AS
  CASE
    WHEN contains(to_json(x)::VARCHAR, '\u00') OR contains(x, chr(8232)) OR contains(x, chr(8233)) THEN
      '"' || array_to_string([
        CASE WHEN unicode(c) < 32 OR unicode(c) IN (8232, 8233)
          THEN CASE c WHEN chr(8) THEN '\b' WHEN chr(9) THEN '\t' WHEN chr(10) THEN '\n' WHEN chr(12) THEN '\f' WHEN chr(13) THEN '\r'
            ELSE printf('\u%04x', unicode(c)) END
          ELSE substr(to_json(c)::VARCHAR, 2, length(to_json(c)::VARCHAR) - 2) END
        FOR c IN regexp_extract_all(x, '(?s).')
      ], '') || '"'
    ELSE to_json(x)::VARCHAR
  END;

CREATE OR REPLACE MACRO googlesql.number_json(t) AS
  CASE WHEN contains(t, '.') OR abs(try_cast(t AS HUGEINT)) > 9007199254740992 THEN '"' || t || '"' ELSE t END;
CREATE OR REPLACE MACRO googlesql.json_of
  (x VARCHAR) AS googlesql.string_json(x),
  (x DOUBLE) AS CASE WHEN NOT isfinite(x) THEN '"' || CASE x::VARCHAR WHEN 'nan' THEN 'NaN' WHEN 'inf' THEN 'Infinity' ELSE '-Infinity' END || '"'
    ELSE googlesql.float_text(x) END,
  (x DECIMAL(38, 9)) AS googlesql.number_json(googlesql.text_of(x)),
  (x BIGINT) AS CASE WHEN x BETWEEN -9007199254740992 AND 9007199254740992 THEN x::VARCHAR ELSE '"' || x::VARCHAR || '"' END,
  (x HUGEINT) AS googlesql.number_json(x::VARCHAR),
  (x BOOLEAN) AS x::VARCHAR,
  (x DATE) AS '"' || x::VARCHAR || '"',
  (x TIME) AS '"' || googlesql.text_of(x) || '"',
  (x TIMESTAMP) AS '"' || replace(googlesql.text_of(x), ' ', 'T') || '"',
  (x TIMESTAMPTZ) AS '"' || replace(replace(googlesql.text_of(x), ' ', 'T'), '+00', 'Z') || '"',
  (x BLOB) AS '"' || to_base64(x) || '"',
  (x) AS error('bqbatch: TO_JSON_STRING of ' || typeof(x))::VARCHAR;

CREATE OR REPLACE MACRO googlesql.to_json_string(x, shown) AS
  CASE
    WHEN typeof(x) = 'JSON' THEN coalesce(json(x::VARCHAR)::VARCHAR, 'null')
    WHEN ends_with(typeof(x), '[]') OR starts_with(typeof(x), 'STRUCT') THEN
      CASE
        WHEN regexp_matches(typeof(x), 'DOUBLE|FLOAT|DECIMAL|TIME|BLOB|JSON|MAP|UNION|INTERVAL|UUID')
          THEN error('bqbatch: TO_JSON_STRING(' || shown || ') of ' || typeof(x))
        WHEN regexp_matches(to_json(x)::VARCHAR, '[\x{2028}\x{2029}]|\\u00(0[BEF]|1[A-F])|[:\[,]-?[0-9]{16,}[,}\]]')
          THEN error('bqbatch: TO_JSON_STRING(' || shown || ') meets a value that DuckDB writes otherwise')
        ELSE coalesce(to_json(x)::VARCHAR, 'null')
      END
    ELSE coalesce(googlesql.json_of(x), 'null')
  END;

-- JSON.

-- Model text is JSON only if it is JSON to the letter: DuckDB's reader also takes NaN, Infinity, a comma too many and
-- numbers no FLOAT64 holds. So its words are looked at too, in one pass; long numbers and exponents once more.
CREATE OR REPLACE MACRO googlesql.safe_parse_json(x) AS
  CASE
    WHEN regexp_full_match(x, '[ \t\n\r]*(?:(?:"(?:[^"\\]|\\.)*"|true|false|null|-?[0-9.]{1,60}(?:[eE][-+]?[0-9]{1,2})?)[ \t\n\r]*)?(?:[:\[{][ \t\n\r]*(?:(?:"(?:[^"\\]|\\.)*"|true|false|null|-?[0-9.]{1,60}(?:[eE][-+]?[0-9]{1,2})?)[ \t\n\r]*)?|,[ \t\n\r]*(?:(?:"(?:[^"\\]|\\.)*"|true|false|null|-?[0-9.]{1,60}(?:[eE][-+]?[0-9]{1,2})?)[ \t\n\r]*|[\[{][ \t\n\r]*(?:(?:"(?:[^"\\]|\\.)*"|true|false|null|-?[0-9.]{1,60}(?:[eE][-+]?[0-9]{1,2})?)[ \t\n\r]*)?)|[\]}][ \t\n\r]*)*', 's')
      THEN try_cast(x AS JSON)
    WHEN regexp_full_match(split_part(x, chr(0), 1), '\x{FEFF}?[ \t\n\r]*(?:(?:"(?:[^"\\]|\\.)*"|true|false|null|-?[0-9.]+(?:[eE][-+]?[0-9]+)?)[ \t\n\r]*)?(?:[:\[{][ \t\n\r]*(?:(?:"(?:[^"\\]|\\.)*"|true|false|null|-?[0-9.]+(?:[eE][-+]?[0-9]+)?)[ \t\n\r]*)?|,[ \t\n\r]*(?:(?:"(?:[^"\\]|\\.)*"|true|false|null|-?[0-9.]+(?:[eE][-+]?[0-9]+)?)[ \t\n\r]*|[\[{][ \t\n\r]*(?:(?:"(?:[^"\\]|\\.)*"|true|false|null|-?[0-9.]+(?:[eE][-+]?[0-9]+)?)[ \t\n\r]*)?)|[\]}][ \t\n\r]*)*', 's')
      AND NOT coalesce(list_bool_or([NOT coalesce(isfinite(try_cast(n AS DOUBLE)), FALSE)
        FOR n IN regexp_extract_all(regexp_replace(split_part(x, chr(0), 1), '"(?:[^"\\]|\\.)*"', '', 'gs'), '[0-9][0-9.]*(?:[eE][-+]?[0-9]+)?')]), FALSE)
      THEN try_cast(regexp_replace(split_part(x, chr(0), 1), '^\x{FEFF}', '') AS JSON)
  END;

CREATE OR REPLACE MACRO googlesql.parse_json(x) AS
  CASE
    WHEN x IS NULL THEN NULL
    ELSE coalesce(googlesql.safe_parse_json(x), error('bqbatch: PARSE_JSON meets text that is not JSON')::JSON)
  END;

-- GoogleSQL reads a STRING as JSON leniently and keeps its numbers as they are written: here it has to be JSON.
CREATE OR REPLACE MACRO googlesql.takes_json(shown) AS
  error('bqbatch: `' || shown || '` is a STRING, and JSON is read here: wrap it in PARSE_JSON');

-- The text of a scalar in JSON. A number is written as GoogleSQL writes it, which differs from 1e15 on and below 1e-5.
CREATE OR REPLACE MACRO googlesql.json_float(x) AS
  CASE WHEN abs(x) >= 1e15 AND abs(x) < 1e16 THEN regexp_replace(printf('%.16e', x), '\.?0*e', 'e') ELSE x::VARCHAR END;
CREATE OR REPLACE MACRO googlesql.json_number(t) AS
  CASE WHEN try_cast(t AS BIGINT)::VARCHAR = t OR try_cast(t AS UBIGINT)::VARCHAR = t THEN t ELSE googlesql.json_float(try_cast(t AS DOUBLE)) END;
CREATE OR REPLACE MACRO googlesql.json_text(v) AS
  CASE
    WHEN starts_with(v::VARCHAR, '"') AND NOT contains(v::VARCHAR, '\') THEN substr(v::VARCHAR, 2, length(v::VARCHAR) - 2)
    WHEN v::VARCHAR BETWEEN '-' AND ':' THEN CASE
      WHEN strlen(v::VARCHAR) > 15 OR contains(v::VARCHAR, 'e') OR contains(v::VARCHAR, '0.0000') THEN googlesql.json_number(v::VARCHAR)
      ELSE v::VARCHAR
    END
    ELSE json_extract_string(v, '$')
  END;
CREATE OR REPLACE MACRO googlesql.json_value
  (x, path) AS googlesql.json_text(json_value(x, path)),
  (x JSON, path, shown) AS googlesql.json_text(json_value(x, path)),
  (x VARCHAR, path, shown) AS googlesql.takes_json(shown)::VARCHAR;
-- The texts at several paths, and those of an array's items, the JSON read once.
CREATE OR REPLACE MACRO googlesql.json_texts
  (x JSON, paths, shown) AS [googlesql.json_text(v) FOR v IN json_value(x, paths)],
  (x VARCHAR, paths, shown) AS googlesql.takes_json(shown)::VARCHAR[];
CREATE OR REPLACE MACRO googlesql.json_item_texts
  (x, path) AS [googlesql.json_text(v) FOR v IN json_value(x, path || '[*]')],
  (x JSON, path, shown) AS [googlesql.json_text(v) FOR v IN json_value(x, path || '[*]')],
  (x VARCHAR, path, shown) AS googlesql.takes_json(shown)::VARCHAR[];
CREATE OR REPLACE MACRO googlesql.json_query
  (x, path) AS json_extract(x, path),
  (x JSON, path, shown) AS json_extract(x, path),
  (x VARCHAR, path, shown) AS googlesql.takes_json(shown)::JSON;
CREATE OR REPLACE MACRO googlesql.json_query_array
  (x, path) AS CASE WHEN json_type(x, path) = 'ARRAY' THEN json_extract(x, path || '[*]')::JSON[] END,
  (x JSON, path, shown) AS CASE WHEN json_type(x, path) = 'ARRAY' THEN json_extract(x, path || '[*]')::JSON[] END,
  (x VARCHAR, path, shown) AS googlesql.takes_json(shown)::JSON[];
-- An array of scalars only; an element that is null in JSON is NULL.
CREATE OR REPLACE MACRO googlesql.json_value_array(items) AS
  CASE WHEN items IS NOT NULL AND NOT coalesce(list_bool_or([json_type(item) IN ('OBJECT', 'ARRAY') FOR item IN items]), FALSE)
    THEN [googlesql.json_text(json_value(item, '$')) FOR item IN items] END;

-- A list finds the name in one look; a CASE would read the JSON again for each of its branches.
CREATE OR REPLACE MACRO googlesql.json_type_name(name) AS
  ['object', 'array', 'string', 'boolean', 'null', 'number', 'number', 'number'][
    list_position(['OBJECT', 'ARRAY', 'VARCHAR', 'BOOLEAN', 'NULL', 'UBIGINT', 'BIGINT', 'DOUBLE'], name)];
CREATE OR REPLACE MACRO googlesql.json_type
  (x, path) AS googlesql.json_type_name(json_type(x, path)),
  (x JSON, path, shown) AS googlesql.json_type_name(json_type(x, path)),
  (x VARCHAR, path, shown) AS googlesql.takes_json(shown)::VARCHAR;
CREATE OR REPLACE MACRO googlesql.json_types
  (x JSON, paths, shown) AS [googlesql.json_type_name(name) FOR name IN json_type(x, paths)],
  (x VARCHAR, paths, shown) AS googlesql.takes_json(shown)::VARCHAR[];

-- Casts of text take what GoogleSQL takes and nothing else. Most numbers are spelled as they would be printed, which
-- is quicker to tell than by a pattern.

CREATE OR REPLACE MACRO googlesql.trimmed(x) AS trim(x, e' \t\n\r\v\f');
CREATE OR REPLACE MACRO googlesql.spelled_int64(x) AS
  CASE
    WHEN regexp_matches(x, '^-0[xX]') THEN try_cast(-try_cast(substr(x, 2) AS HUGEINT) AS BIGINT)
    ELSE try_cast(ltrim(x, '+') AS BIGINT)
  END;
CREATE OR REPLACE MACRO googlesql.safe_int64
  (x VARCHAR) AS CASE
    WHEN try_cast(x AS BIGINT)::VARCHAR = x THEN try_cast(x AS BIGINT)
    WHEN regexp_full_match(x, '[\s\v]*[+-]?(?:[0-9]+|0[xX][0-9a-fA-F]+)[\s\v]*') THEN googlesql.spelled_int64(googlesql.trimmed(x))
  END,
  (x DOUBLE) AS try_cast(round(x) AS BIGINT),
  (x DECIMAL(38, 9)) AS try_cast(round(x) AS BIGINT),
  (x BIGINT) AS x,
  (x HUGEINT) AS try_cast(x AS BIGINT),
  (x BOOLEAN) AS x::BIGINT;

CREATE OR REPLACE MACRO googlesql.safe_float64
  (x VARCHAR) AS CASE
    WHEN regexp_full_match(x, '[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?') THEN try_cast(x AS DOUBLE)
    WHEN regexp_full_match(x, '(?i)[\s\v]*[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf|infinity|nan)[\s\v]*') THEN try_cast(googlesql.trimmed(x) AS DOUBLE)
    WHEN regexp_full_match(x, '[\s\v]*[+-]?0[xX][0-9a-fA-F]{1,30}[\s\v]*')
      THEN CASE WHEN contains(x, '-') THEN -1 ELSE 1 END * try_cast(ltrim(googlesql.trimmed(x), '+-') AS HUGEINT)::DOUBLE
  END,
  (x DOUBLE) AS x,
  (x DECIMAL(38, 9)) AS x::VARCHAR::DOUBLE,
  (x BIGINT) AS x::DOUBLE,
  (x HUGEINT) AS x::DOUBLE;

CREATE OR REPLACE MACRO googlesql.safe_numeric
  (x VARCHAR) AS CASE
    WHEN regexp_full_match(x, '[\s\v]*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[\s\v]*') THEN try_cast(googlesql.trimmed(x) AS DECIMAL(38, 9))
  END,
  (x DOUBLE) AS try_cast(try_cast(trunc(x) AS HUGEINT) AS DECIMAL(38, 9)) + try_cast(x - trunc(x) AS DECIMAL(38, 9)),
  (x DECIMAL(38, 9)) AS x,
  (x BIGINT) AS x::DECIMAL(38, 9),
  (x HUGEINT) AS try_cast(x AS DECIMAL(38, 9));

CREATE OR REPLACE MACRO googlesql.safe_bool
  (x VARCHAR) AS CASE lower(x) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END,
  (x BOOLEAN) AS x,
  (x BIGINT) AS x != 0,
  (x HUGEINT) AS x != 0;

-- The 60th second of a minute is the first of the next one; its fraction counts in a TIMESTAMP alone.
CREATE OR REPLACE MACRO googlesql.text_date(x) AS
  CASE WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}') AND NOT starts_with(x, '0000') THEN try_cast(x AS DATE) END;
CREATE OR REPLACE MACRO googlesql.text_time(x) AS
  CASE
    WHEN regexp_full_match(x, '(?:[01]?[0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9](?:\.[0-9]{1,6})?') THEN try_cast(x AS TIME)
    WHEN regexp_full_match(x, '(?:[01]?[0-9]|2[0-3]):[0-5]?[0-9]:60(?:\.[0-9]{1,6})?') THEN try_cast(split_part(x, ':60', 1) || ':59' AS TIME) + INTERVAL 1 SECOND
  END;
CREATE OR REPLACE MACRO googlesql.spelled_datetime(x) AS
  CASE
    WHEN starts_with(x, '0000') THEN NULL
    WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[ Tt](?:[01]?[0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9](?:\.[0-9]{1,6})?)?') THEN try_cast(translate(x, 'Tt', '  ') AS TIMESTAMP)
    WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}[ Tt](?:[01]?[0-9]|2[0-3]):[0-5]?[0-9]:60(?:\.[0-9]{1,6})?') THEN try_cast(replace(translate(x, 'Tt', '  '), ':60', ':59') AS TIMESTAMP) + INTERVAL 1 SECOND
  END;
CREATE OR REPLACE MACRO googlesql.text_datetime(x) AS
  nullif(CASE WHEN contains(x, ':60.') THEN date_trunc('second', googlesql.spelled_datetime(x)) ELSE googlesql.spelled_datetime(x) END, TIMESTAMP '10000-01-01 00:00:00');

-- An offset such as +5, +0530 or +05:30, up to 14 hours, taken off a time.
CREATE OR REPLACE MACRO googlesql.less_offset(moment, minutes) AS
  CASE WHEN abs(minutes) <= 840 AND year(moment - to_minutes(minutes)) BETWEEN 1 AND 9999 THEN moment - to_minutes(minutes) END;
CREATE OR REPLACE MACRO googlesql.offset_minutes(x) AS
  CASE WHEN x[1] = '-' THEN -1 ELSE 1 END * (try_cast(regexp_extract(x, '[0-9]{1,2}') AS INTEGER) * 60
    + CASE coalesce(try_cast(regexp_extract(x, '[0-9]{1,2}:?([0-9]*)', 1) AS INTEGER), 0) BETWEEN 0 AND 59
        WHEN TRUE THEN coalesce(try_cast(regexp_extract(x, '[0-9]{1,2}:?([0-9]*)', 1) AS INTEGER), 0) ELSE 1000 END);
CREATE OR REPLACE MACRO googlesql.text_timestamp(x) AS
  CASE
    WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[ Tt][0-9:.]+[Zz]?)?') THEN googlesql.less_offset(googlesql.spelled_datetime(rtrim(x, 'Zz')), 0)
    WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}[ Tt][0-9:.]+ UTC') THEN googlesql.less_offset(googlesql.spelled_datetime(left(x, len(x) - 4)), 0)
    WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[ Tt][0-9:.]+| )[+-][0-9]{1,2}(?::?[0-9]{1,2})?') THEN googlesql.less_offset(
      googlesql.spelled_datetime(regexp_replace(x, ' ?[+-][0-9:]+$', '')), googlesql.offset_minutes(regexp_extract(x, '[+-][0-9:]+$')))
  END;

CREATE OR REPLACE MACRO googlesql.safe_date
  (x VARCHAR) AS googlesql.text_date(x),
  (x DATE) AS x,
  (x TIMESTAMP) AS x::DATE,
  (x TIMESTAMPTZ) AS x::DATE;
CREATE OR REPLACE MACRO googlesql.safe_time
  (x VARCHAR) AS googlesql.text_time(x),
  (x TIME) AS x,
  (x DATE) AS error('bqbatch: a DATE is not cast to TIME')::TIME,
  (x TIMESTAMP) AS x::TIME,
  (x TIMESTAMPTZ) AS x::TIMESTAMP::TIME;
CREATE OR REPLACE MACRO googlesql.safe_datetime
  (x VARCHAR) AS googlesql.text_datetime(x),
  (x DATE) AS x::TIMESTAMP,
  (x TIMESTAMP) AS x,
  (x TIMESTAMPTZ) AS x::TIMESTAMP;
CREATE OR REPLACE MACRO googlesql.safe_timestamp
  (x VARCHAR) AS googlesql.text_timestamp(x)::TIMESTAMPTZ,
  (x DATE) AS x::TIMESTAMPTZ,
  (x TIMESTAMP) AS x::TIMESTAMPTZ,
  (x TIMESTAMPTZ) AS x;

CREATE OR REPLACE MACRO googlesql.safe_bytes
  (x VARCHAR) AS encode(x),
  (x BLOB) AS x;

-- A cast that can't be made is an error that shows the value.
CREATE OR REPLACE MACRO googlesql.made(value, x, type_name) AS
  CASE WHEN x IS NULL THEN NULL ELSE coalesce(value, error('bqbatch: can''t cast ''' || x::VARCHAR || ''' to ' || type_name)) END;

-- Strings.

CREATE OR REPLACE MACRO googlesql.length
  (x VARCHAR) AS length(x),
  (x BLOB) AS octet_length(x);
CREATE OR REPLACE MACRO googlesql.byte_length
  (x VARCHAR) AS strlen(x),
  (x BLOB) AS octet_length(x);

CREATE OR REPLACE MACRO googlesql.some_bytes(x BLOB) AS x;
CREATE OR REPLACE MACRO googlesql.base64(x BLOB) AS to_base64(x);
-- Unicode's full case mappings (ß is SS, an İ is two characters, a Σ that ends a word is ς), and letters that are
-- newer than DuckDB's table: `letters` are mapped to the texts at the same places.
CREATE OR REPLACE MACRO googlesql.mapped(x, letters, texts) AS
  array_to_string([coalesce(list_extract(string_split(texts, ' '), list_position(string_split(letters, ' '), c)), c) FOR c IN regexp_extract_all(x, '(?s).')], '');
CREATE OR REPLACE MACRO googlesql.upper(x VARCHAR) AS
  CASE
    WHEN strlen(x) = length(x) OR NOT regexp_matches(x, '[\x{DF}\x{149}\x{19B}\x{1F0}\x{264}\x{390}\x{3B0}\x{587}\x{1C8A}\x{1E96}-\x{1E9A}\x{1F50}\x{1F52}\x{1F54}\x{1F56}\x{1F80}-\x{1FAF}\x{1FB2}-\x{1FB4}\x{1FB6}-\x{1FB7}\x{1FBC}\x{1FC2}-\x{1FC4}\x{1FC6}-\x{1FC7}\x{1FCC}\x{1FD2}-\x{1FD3}\x{1FD6}-\x{1FD7}\x{1FE2}-\x{1FE4}\x{1FE6}-\x{1FE7}\x{1FF2}-\x{1FF4}\x{1FF6}-\x{1FF7}\x{1FFC}\x{A7CD}\x{A7DB}\x{FB00}-\x{FB06}\x{FB13}-\x{FB17}\x{10D70}-\x{10D85}]') THEN upper(x)
    ELSE upper(googlesql.mapped(x,
      'ß ŉ ƛ ǰ ɤ ΐ ΰ և ᲊ ẖ ẗ ẘ ẙ ẚ ὐ ὒ ὔ ὖ ᾀ ᾁ ᾂ ᾃ ᾄ ᾅ ᾆ ᾇ ᾈ ᾉ ᾊ ᾋ ᾌ ᾍ ᾎ ᾏ ᾐ ᾑ ᾒ ᾓ ᾔ ᾕ ᾖ ᾗ ᾘ ᾙ ᾚ ᾛ ᾜ ᾝ ᾞ ᾟ ᾠ ᾡ ᾢ ᾣ ᾤ ᾥ ᾦ ᾧ ᾨ ᾩ ᾪ ᾫ ᾬ ᾭ ᾮ ᾯ ᾲ ᾳ ᾴ ᾶ ᾷ ᾼ ῂ ῃ ῄ ῆ ῇ ῌ ῒ ΐ ῖ ῗ ῢ ΰ ῤ ῦ ῧ ῲ ῳ ῴ ῶ ῷ ῼ ꟍ ꟛ ﬀ ﬁ ﬂ ﬃ ﬄ ﬅ ﬆ ﬓ ﬔ ﬕ ﬖ ﬗ 𐵰 𐵱 𐵲 𐵳 𐵴 𐵵 𐵶 𐵷 𐵸 𐵹 𐵺 𐵻 𐵼 𐵽 𐵾 𐵿 𐶀 𐶁 𐶂 𐶃 𐶄 𐶅',
      'SS ʼN Ƛ J̌ Ɤ Ϊ́ Ϋ́ ԵՒ Ᲊ H̱ T̈ W̊ Y̊ Aʾ Υ̓ Υ̓̀ Υ̓́ Υ̓͂ ἈΙ ἉΙ ἊΙ ἋΙ ἌΙ ἍΙ ἎΙ ἏΙ ἈΙ ἉΙ ἊΙ ἋΙ ἌΙ ἍΙ ἎΙ ἏΙ ἨΙ ἩΙ ἪΙ ἫΙ ἬΙ ἭΙ ἮΙ ἯΙ ἨΙ ἩΙ ἪΙ ἫΙ ἬΙ ἭΙ ἮΙ ἯΙ ὨΙ ὩΙ ὪΙ ὫΙ ὬΙ ὭΙ ὮΙ ὯΙ ὨΙ ὩΙ ὪΙ ὫΙ ὬΙ ὭΙ ὮΙ ὯΙ ᾺΙ ΑΙ ΆΙ Α͂ Α͂Ι ΑΙ ῊΙ ΗΙ ΉΙ Η͂ Η͂Ι ΗΙ Ϊ̀ Ϊ́ Ι͂ Ϊ͂ Ϋ̀ Ϋ́ Ρ̓ Υ͂ Ϋ͂ ῺΙ ΩΙ ΏΙ Ω͂ Ω͂Ι ΩΙ Ꟍ Ꟛ FF FI FL FFI FFL ST ST ՄՆ ՄԵ ՄԻ ՎՆ ՄԽ 𐵐 𐵑 𐵒 𐵓 𐵔 𐵕 𐵖 𐵗 𐵘 𐵙 𐵚 𐵛 𐵜 𐵝 𐵞 𐵟 𐵠 𐵡 𐵢 𐵣 𐵤 𐵥'))
  END;
CREATE OR REPLACE MACRO googlesql.lower(x VARCHAR) AS
  CASE
    WHEN strlen(x) = length(x) OR NOT regexp_matches(x, '[\x{130}\x{1C89}\x{A7CB}-\x{A7CC}\x{A7DA}\x{A7DC}\x{10D50}-\x{10D65}Σ]') THEN lower(x)
    ELSE lower(googlesql.mapped(
      regexp_replace(x, '([\p{Lu}\p{Ll}\p{Lt}ªº\x{1C89}\x{1C8A}][\p{Mn}\p{Me}\p{Cf}\p{Lm}\p{Sk}''.:·’‘·՟״․‧\x{387}\x{897}]*)Σ([\p{Mn}\p{Me}\p{Cf}\p{Lm}\p{Sk}''.:·’‘·՟״․‧\x{387}\x{897}]*(?:[^\p{Lu}\p{Ll}\p{Lt}ªº\x{1C89}\x{1C8A}\p{Mn}\p{Me}\p{Cf}\p{Lm}\p{Sk}''.:·’‘·՟״․‧\x{387}\x{897}]|$))', '\1ς\2', 'g'),
      'İ Ᲊ Ɤ Ꟍ Ꟛ Ƛ 𐵐 𐵑 𐵒 𐵓 𐵔 𐵕 𐵖 𐵗 𐵘 𐵙 𐵚 𐵛 𐵜 𐵝 𐵞 𐵟 𐵠 𐵡 𐵢 𐵣 𐵤 𐵥',
      'i̇ ᲊ ɤ ꟍ ꟛ ƛ 𐵰 𐵱 𐵲 𐵳 𐵴 𐵵 𐵶 𐵷 𐵸 𐵹 𐵺 𐵻 𐵼 𐵽 𐵾 𐵿 𐶀 𐶁 𐶂 𐶃 𐶄 𐶅'))
  END;

-- A number that says how many is not negative.
CREATE OR REPLACE MACRO googlesql.how_many(n, called) AS
  CASE WHEN n < 0 THEN error('bqbatch: ' || called || ' with a negative number') ELSE n END;
CREATE OR REPLACE MACRO googlesql.substr(x, first, characters) AS
  CASE
    WHEN first > 0 THEN substr(x, first, characters)
    WHEN first = 0 OR -first > len(x) THEN substr(x, 1, characters)
    ELSE substr(x, len(x) + first + 1, characters)
  END;
CREATE OR REPLACE MACRO googlesql.reverse(x) AS array_to_string(list_reverse(regexp_extract_all(x, '(?s).')), '');
CREATE OR REPLACE MACRO googlesql.pad(x, n, pattern) AS
  CASE WHEN pattern = '' THEN error('bqbatch: LPAD and RPAD need a pattern that is not empty') ELSE substr(repeat(pattern, n), 1, n - length(x)) END;
CREATE OR REPLACE MACRO googlesql.lpad(x, n, pattern) AS
  CASE WHEN length(x) >= googlesql.how_many(n, 'LPAD') THEN substr(x, 1, n) ELSE googlesql.pad(x, n, pattern) || x END;
CREATE OR REPLACE MACRO googlesql.rpad(x, n, pattern) AS
  CASE WHEN length(x) >= googlesql.how_many(n, 'RPAD') THEN substr(x, 1, n) ELSE x || googlesql.pad(x, n, pattern) END;
CREATE OR REPLACE MACRO googlesql.regexp_extract(x, pattern, nth) AS
  coalesce(nullif(regexp_extract(x, pattern, nth), ''), CASE WHEN regexp_matches(x, pattern) THEN '' END);
-- Where a pattern matches nothing at the end of a text, the engines count differently.
CREATE OR REPLACE MACRO googlesql.regexp_extract_all(x, pattern, nth) AS
  CASE
    WHEN regexp_full_match('', replace(replace(pattern, '\b', ''), '\B', '')) THEN error('bqbatch: REGEXP_EXTRACT_ALL with a pattern that may match nothing: write + for *')
    ELSE regexp_extract_all(x, pattern, nth)
  END;

-- Arrays.

CREATE OR REPLACE MACRO googlesql.item_at(items, place) AS
  CASE
    WHEN place < 1 OR place > len(items) THEN error('bqbatch: array index out of bounds: SAFE_OFFSET and SAFE_ORDINAL give NULL')
    ELSE list_extract(items, place)
  END;
CREATE OR REPLACE MACRO googlesql.safe_item_at(items, place) AS CASE WHEN place >= 1 THEN list_extract(items, place) END;
CREATE OR REPLACE MACRO googlesql.array_text
  (items VARCHAR[], separator) AS CASE WHEN items IS NOT NULL THEN array_to_string(list_filter(items, lambda item: item IS NOT NULL), separator) END,
  (items VARCHAR[], separator, for_null) AS CASE WHEN items IS NOT NULL THEN array_to_string([coalesce(item, for_null) FOR item IN items], separator) END;
CREATE OR REPLACE MACRO googlesql.generate_array(first BIGINT, last BIGINT, step BIGINT) AS
  CASE WHEN step = 0 THEN error('bqbatch: GENERATE_ARRAY with a step of 0') ELSE generate_series(first, last, step) END;
CREATE OR REPLACE MACRO googlesql.array_concat(a, b) AS CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN list_concat(a, b) END;

-- Dates and times. GoogleSQL's years go from 1 to 9999 and its weeks start on Sunday.

CREATE OR REPLACE MACRO googlesql.date_within(x) AS
  CASE WHEN x BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN x WHEN x IS NOT NULL THEN error('bqbatch: a date outside of the years 1 to 9999') END;
CREATE OR REPLACE MACRO googlesql.time_within(x) AS
  CASE WHEN year(x) BETWEEN 1 AND 9999 THEN x WHEN x IS NOT NULL THEN error('bqbatch: a time outside of the years 1 to 9999') END;
CREATE OR REPLACE MACRO googlesql.moved_date(x DATE, by_interval INTERVAL) AS googlesql.date_within((x + by_interval)::DATE);
CREATE OR REPLACE MACRO googlesql.moved_timestamp(x TIMESTAMPTZ, by_interval INTERVAL) AS googlesql.time_within(x + by_interval);
CREATE OR REPLACE MACRO googlesql.moved_datetime(x TIMESTAMP, by_interval INTERVAL) AS googlesql.time_within(x + by_interval);

CREATE OR REPLACE MACRO googlesql.a_date(x DATE) AS x;
CREATE OR REPLACE MACRO googlesql.a_datetime(x TIMESTAMP) AS x;
CREATE OR REPLACE MACRO googlesql.a_timestamp(x TIMESTAMPTZ) AS x;
CREATE OR REPLACE MACRO googlesql.date_of
  (x DATE) AS x,
  (x TIMESTAMP) AS x::DATE,
  (x TIMESTAMPTZ) AS x::DATE;
CREATE OR REPLACE MACRO googlesql.timestamp_of
  (x VARCHAR) AS googlesql.made(googlesql.safe_timestamp(x), x, 'TIMESTAMP'),
  (x DATE) AS x::TIMESTAMPTZ,
  (x TIMESTAMP) AS x::TIMESTAMPTZ,
  (x TIMESTAMPTZ) AS x;
CREATE OR REPLACE MACRO googlesql.datetime_of
  (x DATE) AS x::TIMESTAMP,
  (x TIMESTAMP) AS x,
  (x TIMESTAMPTZ) AS x::TIMESTAMP;

-- The day on which a week starts that starts on the weekday `first`, counted from Sunday; and its number in the year.
CREATE OR REPLACE MACRO googlesql.week_start(x, first) AS x - ((dayofweek(x) - first + 7) % 7)::INTEGER;
CREATE OR REPLACE MACRO googlesql.week(x, first) AS (dayofyear(x) + 6 - (dayofweek(x) - first + 7) % 7) // 7;
CREATE OR REPLACE MACRO googlesql.iso_year_start(x) AS date_trunc('week', make_date(isoyear(x), 1, 4))::DATE;

CREATE OR REPLACE MACRO googlesql.four_digit_year(x) AS
  CASE WHEN year(x) < 1000 THEN error('bqbatch: a year before 1000 is not formatted here') ELSE x END;
CREATE OR REPLACE MACRO googlesql.whole_parts(x, size) AS (x - ((x % size) + size) % size) // size;
CREATE OR REPLACE MACRO googlesql.generate_date_array(first DATE, last DATE, step INTERVAL) AS
  [moment::DATE FOR moment IN generate_series(first::TIMESTAMP, last::TIMESTAMP, step)];

-- What the adapter itself asks.

CREATE OR REPLACE MACRO bqbatch.comment_of(in_schema, of_name) AS TABLE
  SELECT comment FROM duckdb_tables() WHERE schema_name = in_schema AND table_name = of_name
  UNION ALL
  SELECT comment FROM duckdb_views() WHERE schema_name = in_schema AND view_name = of_name;

CREATE OR REPLACE MACRO bqbatch.is_done(id) AS TABLE
  SELECT count(*) > 0 AS done FROM bqbatch.jobs WHERE job_id = id;
