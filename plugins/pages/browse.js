// Any table: its columns, rows sorted and filtered, page by page; the address holds all of it.
import { Fragment, Grid, h, moment, Mono, Notice, number, ours, plural, query, TextButton, Trouble, UI, url, useAnswer, useEffect, useState } from "./common.js";

const OPERATORS = { eq: "is", ne: "is not", lt: "<", le: "≤", gt: ">", ge: "≥", contains: "contains", null: "is empty",
  notnull: "is not empty" };
const PAGE_ROWS = 50;

/** Ask until a page is full: a rare value in a large table takes several looks. */
async function readPage(view, isOver, show) {
  let rows = [], scanned = 0, after = view.after, answer;
  do {
    answer = await ours("rows", { ...view, after, limit: PAGE_ROWS - rows.length });
    rows = [...rows, ...answer.rows];
    scanned += answer.scanned_count;
    after = answer.after;
    if (!isOver()) show({ ...answer, rows, scanned, isSearching: after && rows.length < PAGE_ROWS });
  } while (after && rows.length < PAGE_ROWS && !isOver());
}

function usePage(view) {
  const [state, setState] = useState({ page: null, error: null });
  useEffect(() => {
    let isOver = false;
    setState({ page: null, error: null });
    readPage(view, () => isOver, (page) => setState({ page, error: null })).catch((error) => !isOver && setState({ page: null, error }));
    return () => { isOver = true; };
  }, [query(view)]);
  return state;
}

export function Browse({ table, fixed = [], hidden = [], search, setSearch }) {
  const tables = useAnswer(() => (table ? Promise.resolve([]) : ours("tables")), [table]);
  const own = search.getAll("filter");
  const view = { table: table ?? search.get("table") ?? "mart.crimes", sort: search.get("sort") ?? "", filter: [...fixed, ...own],
    after: search.get("after") ?? "" };
  const { page, error } = usePage(view);
  const set = (values) => {
    const next = new URLSearchParams(search);
    next.delete("after");
    Object.entries(values).forEach(([name, value]) => { next.delete(name); [value].flat().filter(Boolean).forEach((one) => next.append(name, one)); });
    setSearch(next);
  };
  return h(Fragment, null,
    !table && h(UI.Box, { mb: 3 }, h("label", { htmlFor: "table" }, "Table "), h(UI.NativeSelect.Root, { size: "sm", maxW: "420px" },
      h(UI.NativeSelect.Field, { id: "table", value: view.table, onChange: (event) => set({ table: event.target.value, filter: [],
        sort: "" }) },
        (tables.data ?? [{ name: view.table }]).map((one) => h("option", { key: one.name,
          value: one.name }, one.name + (one.row_count == null ? "" : ` (${plural(one.row_count, "row")})`)))),
          h(UI.NativeSelect.Indicator))),
    h(Trouble, { error: error ?? tables.error }),
    page && h(Fragment, null, h(UI.Text, { mb: 2, maxW: "75ch" }, page.comment),
      h(Filters, { key: page.table, columns: page.columns.filter((column) => !hidden.includes(column.name)), filters: own, set }),
      h(Rows, { page, view, hidden, set, search }), h(Columns, { page })),
    !page && !error && h(UI.Text, { color: "fg.muted" }, "Reading…"));
}

function Filters({ columns, filters, set }) {
  const [name, setName] = useState(columns[0].name), [operator, setOperator] = useState("eq"), [value, setValue] = useState("");
  const add = (event) => {
    event.preventDefault();
    const isBare = ["null", "notnull"].includes(operator);
    set({ filter: [...filters, isBare ? `${name}:${operator}` : `${name}:${operator}:${value}`] });
  };
  const select = (label, chosen, change, options) => h(UI.NativeSelect.Root, { size: "sm", w: "auto" },
    h(UI.NativeSelect.Field, { "aria-label": label, value: chosen,
      onChange: (event) => change(event.target.value) }, options.map(([key, text]) => h("option", { key, value: key }, text))),
      h(UI.NativeSelect.Indicator));
  return h(UI.Box, { mb: 3 }, h("form", { onSubmit: add }, h(UI.HStack, { wrap: "wrap" },
    select("Column", name, setName, columns.map((column) => [column.name, column.name])), select("Comparison", operator, setOperator, Object.entries(OPERATORS)),
    !["null", "notnull"].includes(operator) && h(UI.Input, { size: "sm", w: "14em", "aria-label": "Value", value,
      onChange: (event) => setValue(event.target.value) }),
    h(UI.Button, { size: "sm", type: "submit", variant: "outline" }, "Filter"))),
    filters.length > 0 && h(UI.HStack, { wrap: "wrap", mt: 2 }, filters.map((filter) => {
      const [column, comparison, ...rest] = filter.split(":");
      const text = `${column} ${OPERATORS[comparison] ?? comparison} ${rest.join(":")}`;
      return h(UI.Button, { key: filter, size: "xs", variant: "subtle", "aria-label": `Remove the filter ${text}`,
        onClick: () => set({ filter: filters.filter((one) => one !== filter) }) }, `${text} ×`);
    })));
}

function Cell({ value, type }) {
  if (value == null) return h(UI.Text, { as: "span", color: "fg.muted" }, "null");
  if (type === "jsonb") return h(Difference, { value });
  if (type === "timestamp with time zone") return h(UI.Box, { whiteSpace: "nowrap" }, moment(value));
  if (/date|time/.test(type)) return h(UI.Box, { whiteSpace: "nowrap" }, String(value).replace("T", " "));
  return String(value).length > 160 ? h("details", null, h("summary", null, `${String(value).slice(0, 80)}…`),
    h(Mono, null, value)) : String(value);
}

/** JSON; the differences of an edited report as "from → to". */
function Difference({ value }) {
  const entries = Object.entries(value);
  if (!entries.every(([, one]) => one && typeof one === "object" && "old" in one && "new" in one)) return h("details", null,
    h("summary", null, "The row that was"), h(Mono, { maxW: "40em" }, JSON.stringify(value, null, 1)));
  return entries.map(([name, one]) => h(UI.Text, { key: name, fontSize: "sm" },
    h("b", null, name), `: ${one.old ?? "null"} → ${one.new ?? "null"}`));
}

function Rows({ page, view, hidden, set, search }) {
  const shown = page.columns.map((column, index) => ({ ...column, index })).filter((column) => !hidden.includes(column.name));
  const sorted = view.sort.replace("-", ""), isDescending = view.sort.startsWith("-");
  const heading = (column) => !column.is_sortable ? column.name : h(TextButton, { "aria-label": `Sort by ${column.name}`,
    onClick: () => set({ sort: sorted === column.name && !isDescending
      ? `-${column.name}` : column.name }) }, column.name, sorted === column.name ? (isDescending ? " ↓" : " ↑") : "");
  const isNumber = (type) => /int|numeric/.test(type);
  const download = (format) => h("a", { href: url(`austin-crime/rows?${query({ table: view.table, sort: view.sort, filter: view.filter, format })}`), style: { textDecoration: "underline" } }, format.toUpperCase());
  return h(Fragment, null,
    h(UI.HStack, { justify: "space-between", wrap: "wrap", mb: 1 },
      h(UI.Text, { fontSize: "sm", color: "fg.muted", "aria-live": "polite" }, page.isSearching
        ? `Searching: ${number(page.scanned)} rows looked through, ${number(page.rows.length)} found…` : `${plural(page.rows.length, "row")} on this page${page.row_count == null ? "" : `; the table has ${plural(page.row_count, "row")}`}`),
      h(UI.HStack, { fontSize: "sm" }, "This view as ", download("csv"), download("json"))),
    page.rows.length === 0 && !page.isSearching ? h(Notice, null, view.filter.length
      ? "No row meets these filters." : "This table is empty. A load fills it.") :
      h(Grid, { label: `Rows of ${page.table}`, rows: page.rows, columns: shown.map((column) => [heading(column), (row) => h(Cell,
        { value: row[column.index], type: column.type }), isNumber(column.type)]) }),
    h(UI.HStack, { mt: 2 },
      search.get("after") && h(UI.Button, { size: "sm", variant: "outline", onClick: () => set({}) }, "First page"),
      page.after && h(UI.Button, { size: "sm", variant: "outline", onClick: () => set({ after: page.after }) }, "Next page")));
}

const Columns = ({ page }) => h(UI.Box, { mt: 3 }, h("details", null, h("summary",
  { style: { cursor: "pointer" } }, `The ${page.columns.length} columns of ${page.table}`),
  h(Grid, { label: "Columns", rows: page.columns, columns: [["Column", (row) => h(Mono, null, row.name)], ["Type", (row) => row.type],
    ["Meaning", (row) => row.comment]] })));
