"""What a report is written as: one module a format, over the report's plain data.

A report is what ``derive verify --format json`` prints (``docs/report.schema.json``): claims with
their verdicts, how many there are of each, and the formulas of documents. A back end is a function
from that to text; nothing is decided in one.
"""
