-- What an invoice says, as columns: the mails as they came in, in several languages.
{{ config(model = 'gemini-3.5-flash-lite', temperature = 0, max_output_tokens = 2048, thinking = 'minimal') }}

{% system %}You read the mail of an accounts department. Take over what is written; never work out what is not.{% endsystem %}

{% output %}
  kind     STRING NOT NULL CHECK (kind IN ('invoice', 'credit_note', 'other')),
  number   STRING CHECK (LENGTH(number) <= 40) OPTIONS (description = 'as the sender writes it'),
  vendor   STRUCT<name STRING NOT NULL, email STRING>,
  issued   DATE,
  currency STRING CHECK (LENGTH(currency) <= 3) OPTIONS (description = 'ISO 4217'),
  items    ARRAY<STRUCT<
             what     STRING NOT NULL,
             quantity FLOAT64 CHECK (quantity > 0),
             amount   NUMERIC
           >> CHECK (ARRAY_LENGTH(items) <= 20),
  total    NUMERIC OPTIONS (description = 'what is to be paid; a credit is negative')
{% endoutput %}

SELECT
  invoice_id AS key,
  body,
  {% prompt %}
    Read this mail.

    {body}
  {% endprompt %} AS prompt
FROM {{ seed('invoices.csv') }}
