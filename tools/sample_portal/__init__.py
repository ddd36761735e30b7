"""A local Socrata with invented reports: what the city's portal answers, for the demo, the tests and the benchmark.

``soql``
    The query language, from the parameters of a request to SQL.
``data``
    What is served: the datasets, the reports (invented, or out of a file) and the store that holds them.
``publisher``
    What happens to the data: weeks, uploads, changes of reports and of columns.
``faults``
    What goes wrong on demand.
``http``
    Addresses, headers and bodies; commands; the server.
"""
