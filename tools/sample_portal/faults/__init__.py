"""What the portal does wrong on demand, as Socrata's portals were seen to do it.

::

    store.faults.add(Fault("429", times=2, retry_after_s=1))        # the next two requests; times=None: all
    store.faults.add(Fault("cut", path="$order=:id", how="gzip"))   # the next one whose path?query holds this text
    store.faults.add(Fault("503", rate=0.2))                        # a fifth of the requests, the same ones by seed
    held = store.faults.add(Fault("hold"))                          # held.reached, held.release: threading.Event
    store.faults.add(Fault("change", call=lambda: live.pass_week(store)))
    store.faults.clear()

    store.faults.add(Fault("silent", path="newer", how="half"))     # half of the rows, and nothing says so
    store.faults.add(Fault("dates", how="z", times=None, share=0.01, column="rep_date"))

A request meets the first fault that fits; ``fault.met`` counts them. Of an answer whose rows are written in another way
``share`` is the share of rows, drawn by ``seed``, and ``column`` the only column. Kinds that come in several ways
(``how``; the first is the default):

==============  ==============================================================================================
429, 503, 202   ``seconds`` (Retry-After in seconds) or ``date`` (as an HTTP date)
cut             ``chunked``: the connection ends without the last chunk; ``length``: before the Content-Length
                is reached; ``gzip``: the answer ends as it should, the gzip stream in it does not
html            ``200`` or ``503``: the status of the page
stale           ``empty``: no rows; ``before``: the rows as they were when the fault was added; a header says so
silent          ``empty``, ``half`` (the first half of the rows, features or columns) or ``before``; nothing says so
column          400 that names ``column`` as unknown, for queries that name it, whatever the metadata say
token           403 for requests with an app token, as for an unknown one
token_required  ``permission_denied``, ``authentication_required`` (403) or ``401``, for requests without a token
numbers         ``decimal`` 5.0, ``cents`` 5.00, ``zeros`` 05, ``exponent`` 5e0, ``plus`` +5, ``json`` (no quotes)
dates           ``z``, ``offset`` (+00:00), ``local`` (-06:00, not for :updated_at), ``short`` (no zeros at the end
                of the fraction), ``micro`` (six digits), ``day`` (no time where it is midnight), ``blank`` (no T)
shape           ``error`` (an error object with status 200), ``null``, ``text``, ``number``, ``wrapped``, ``listed``
rows            ``object`` (the first row alone), ``pairs``, ``null_rows``, ``lists``; of each row ``renamed`` (its last
                key), ``missing``, ``upper``, ``nested``, ``arrays``, ``nulls``, ``empty_text``
geometry        of a map's features: ``null``, ``missing`` coordinates, ``polygon``, ``collection``, ``point``, ``empty``
map             ``no_features``, ``null_features``, ``no_properties``
metadata        ``no_columns``, ``null_columns``, ``no_column_left``, ``null_column``, ``null_fields``,
                ``null_values``, ``text_times``
spelling        ``blanks`` (around colons), ``tabs``, ``pretty``, ``ascii``, ``order`` (of keys), ``bom``, ``escapes`` (in
                keys), ``twice`` (the first key, first with null)
transfer        gzip: ``members``, ``padded`` (zeros behind it), ``header`` (with every field); Content-Encoding:
                ``x-gzip``, ``upper``, ``deflate``, ``raw_deflate``, ``identity``, ``plain`` (none), ``twice``;
                ``tiny`` (chunks of a few bytes), ``until_close`` (no length, no chunks)
==============  ==============================================================================================

Single values are set in the data: ``live.send_as``.
"""

from sample_portal.faults.fault import WAYS, Fault, Faults

__all__ = ["WAYS", "Fault", "Faults"]
