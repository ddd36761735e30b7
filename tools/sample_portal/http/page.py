"""The page at the portal's root: what this is, and addresses to click."""

from html import escape
from urllib.parse import quote

from sample_portal.data.datasets import BOUNDARIES_ID, REPORTS_ID
from sample_portal.data.store import Store
from sample_portal.http import control

_EXAMPLES = (
    ("The newest five reports", f"/resource/{REPORTS_ID}.json?$order=rep_date_time desc&$limit=5"),
    (
        "Reports by year",
        f"/resource/{REPORTS_ID}.json?$select=date_extract_y(occ_date) as year,count(*)&$group=year&$order=year",
    ),
    (
        "The ten most frequent offenses, as CSV",
        f"/resource/{REPORTS_ID}.csv?$select=crime_type,count(*) as n&$group=crime_type&$order=n desc&$limit=10",
    ),
    (
        "Council district 9, with system columns",
        f"/resource/{REPORTS_ID}.json?council_district=9&$select=:*,*&$limit=5",
    ),
    ("What the portal tells of the dataset", f"/api/views/{REPORTS_ID}.json"),
    ("Boundaries of the council districts, a drawing of our own", f"/resource/{BOUNDARIES_ID}.geojson"),
)


def home(store: Store, address: str) -> str:
    """Return the page."""
    (count,) = store.execute("select count(*) from reports")[0]
    items = "\n".join(
        f'<li>{escape(title)}<br><a href="{escape(quote(address, safe="/?&=$:,()*."))}"><code>{escape(address)}</code></a></li>'
        for title, address in _EXAMPLES
    )
    ways = "\n".join(
        f"<li>{escape(title)}<br><code>{escape(command)}</code></li>"
        for title, command in control.commands(address)
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sample data: a local Socrata portal</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 44rem; padding: 0 1rem; }}
strong {{ background: #ffe08a; padding: 0 .3em; }}
code {{ overflow-wrap: anywhere; }}
li {{ margin-bottom: .6rem; }}
</style>
</head>
<body>
<h1>Sample portal</h1>
<p><strong>sample data</strong> Every report here is invented. This portal answers as a city's Socrata portal does,
for demonstrations and tests: {count:,} crime reports in their {escape(store.form)} form, changed last on {store.rows_updated_at:%Y-%m-%d}.</p>
<ul>
{items}
</ul>
<p>The language of the queries is <a href="https://dev.socrata.com/docs/queries/">SoQL</a>.</p>
<h2>Let it live, let it misbehave</h2>
<p>Commands to copy. Not one of them touches more than this portal; names and parameters are those of
<code>sample_portal.publisher.live</code> and <code>sample_portal.faults</code>.</p>
<ul>
{ways}
</ul>
</body>
</html>
"""
