// Any table: its columns, rows sorted and filtered, page by page; the address holds all of it.
import {
  Choice, Fold, Fragment, Grid, h, moment, Mono, Notice, number, ours, plural, query, TextButton, Trouble, UI, url, useAnswer, useEffect,
  useState,
} from "./common.js";

const OPERATORS = {
  eq: "is", ne: "is not", lt: "<", le: "≤", gt: ">", ge: "≥", contains: "contains", null: "is empty", notnull: "is not empty",
};
const WITHOUT_VALUE = ["null", "notnull"];
const PAGE_ROWS = 50, LONG_TEXT = 40, LONGEST_TEXT = 160;

/** Ask until a page is full: a rare value in a large table takes several looks. */
async function readPage(view, isOver, show) {
  let rows = [], scanned = 0, after = view.after;
  do {
    const answer = await ours("rows", { ...view, after, limit: PAGE_ROWS - rows.length });
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
    readPage(view, () => isOver, (page) => setState({ page, error: null }))
      .catch((error) => !isOver && setState({ page: null, error }));
    return () => { isOver = true; };
  }, [query(view)]);
  return state;
}

export function Browse({ table, fixed = [], hidden = [], empty = "This table is empty. A load fills it.", search, setSearch }) {
  const tables = useAnswer(() => (table ? Promise.resolve([]) : ours("tables")), [table]);
  const filters = search.getAll("filter");
  const view = {
    table: table ?? search.get("table") ?? "mart.crimes", sort: search.get("sort") ?? "", filter: [...fixed, ...filters],
    after: search.get("after") ?? "",
  };
  const { page, error } = usePage(view);
  const set = (values) => {
    const next = new URLSearchParams(search);
    next.delete("after");
    Object.entries(values).forEach(([name, value]) => {
      next.delete(name);
      [value].flat().filter(Boolean).forEach((one) => next.append(name, one));
    });
    setSearch(next);
  };
  const named = (one) => [one.name, one.name + (one.row_count == null ? "" : ` (${plural(one.row_count, "row")})`)];
  return h(Fragment, null,
    !table && h(Choice, { id: "table", label: "Table", value: view.table, maxW: "420px", mb: 3,
      options: (tables.data ?? [{ name: view.table }]).map(named), change: (name) => set({ table: name, filter: [], sort: "" }) }),
    h(Trouble, { error: error ?? tables.error }),
    page && h(Fragment, null,
      h(UI.Text, { mb: 2, maxW: "75ch" }, page.comment),
      h(Filters, { key: page.table, columns: page.columns.filter((column) => !hidden.includes(column.name)), filters, set }),
      h(Rows, { page, view, hidden, empty, set }),
      h(Columns, { page })),
    !page && !error && h(UI.Text, { color: "fg.muted" }, "Reading…"));
}

function Filters({ columns, filters, set }) {
  const [name, setName] = useState(columns[0].name), [operator, setOperator] = useState("eq"), [value, setValue] = useState("");
  const isBare = WITHOUT_VALUE.includes(operator);
  const add = (event) => {
    event.preventDefault();
    set({ filter: [...filters, isBare ? `${name}:${operator}` : `${name}:${operator}:${value}`] });
  };
  return h(UI.Box, { mb: 3 },
    h("form", { onSubmit: add }, h(UI.HStack, { wrap: "wrap" },
      h(Choice, { label: "Column", isLabelHidden: true, w: "auto", value: name, change: setName,
        options: columns.map((column) => [column.name, column.name]) }),
      h(Choice, { label: "Comparison", isLabelHidden: true, w: "auto", value: operator, change: setOperator,
        options: Object.entries(OPERATORS) }),
      !isBare && h(UI.Input, { size: "sm", w: "14em", "aria-label": "Value", value, onChange: (event) => setValue(event.target.value) }),
      h(UI.Button, { size: "sm", type: "submit", variant: "outline" }, "Filter"))),
    filters.length > 0 && h(UI.HStack, { wrap: "wrap", mt: 2 }, filters.map((filter) => {
      const [column, comparison, ...rest] = filter.split(":");
      const text = `${column} ${OPERATORS[comparison] ?? comparison} ${rest.join(":")}`;
      return h(UI.Button, { key: filter, size: "xs", variant: "subtle", "aria-label": `Remove the filter ${text}`,
        onClick: () => set({ filter: filters.filter((one) => one !== filter) }) }, `${text} ×`);
    })));
}

function Cell({ value, type }) {
  const text = String(value);
  if (value == null) return h(UI.Text, { as: "span", color: "fg.muted" }, "null");
  if (type === "jsonb") return h(Difference, { value });
  if (type === "timestamp with time zone") return h(UI.Box, { whiteSpace: "nowrap" }, moment(value));
  if (/date|time/.test(type)) return h(UI.Box, { whiteSpace: "nowrap" }, text.replace("T", " "));
  if (text.length > LONGEST_TEXT) return h(Fold, { title: `${text.slice(0, LONGEST_TEXT / 2)}…`, minW: "22em" }, text);
  return text.length > LONG_TEXT ? h(UI.Box, { minW: "22em" }, text) : text;
}

/** JSON; the differences of an edited report as "from → to". */
function Difference({ value }) {
  const entries = Object.entries(value);
  if (!entries.every(([, one]) => one && typeof one === "object" && "old" in one && "new" in one)) {
    return h(Fold, { title: "Previous row" }, h(Mono, { maxW: "40em" }, JSON.stringify(value, null, 1)));
  }
  return entries.map(([name, one]) =>
    h(UI.Text, { key: name, fontSize: "sm" }, h("b", null, name), `: ${one.old ?? "null"} → ${one.new ?? "null"}`));
}

function Summary({ page, view }) {
  const total = page.row_count == null ? "" : `; the table has ${plural(page.row_count, "row")}`;
  const scanned = Math.min(page.scanned, page.row_count ?? page.scanned);
  const address = (format) => url(`austin-crime/rows?${query({ table: view.table, sort: view.sort, filter: view.filter, format })}`);
  return h(UI.HStack, { justify: "space-between", wrap: "wrap", mb: 1 },
    h(UI.Text, { fontSize: "sm", color: "fg.muted", "aria-live": "polite" }, page.isSearching ?
      `Searching: ${number(scanned)} rows searched, ${number(page.rows.length)} found…` :
      `${plural(page.rows.length, "row")} on this page${total}`),
    h(UI.HStack, { fontSize: "sm" }, "This view as ", ["csv", "json"].map((format) =>
      h("a", { key: format, href: address(format), style: { textDecoration: "underline" } }, format.toUpperCase()))));
}

function Rows({ page, view, hidden, empty, set }) {
  const shown = page.columns.map((column, index) => ({ ...column, index })).filter((column) => !hidden.includes(column.name));
  const sorted = view.sort.replace("-", ""), isDescending = view.sort.startsWith("-");
  const heading = ({ name, is_sortable: isSortable }) => {
    if (!isSortable) return name;
    const isAscending = sorted === name && !isDescending;
    return h(TextButton, { "aria-label": `Sort by ${name}`, onClick: () => set({ sort: isAscending ? `-${name}` : name }) },
      name, sorted === name && (isDescending ? " ↓" : " ↑"));
  };
  const columns = shown.map((column) => [
    heading(column), (row) => h(Cell, { value: row[column.index], type: column.type }), /int|numeric|double/.test(column.type),
  ]);
  return h(Fragment, null,
    h(Summary, { page, view }),
    page.rows.length === 0 && !page.isSearching ?
      h(Notice, null, view.filter.length ? "No row meets these filters." : empty) :
      h(Grid, { label: `Rows of ${page.table}`, rows: page.rows, columns }),
    h(UI.HStack, { mt: 2 },
      view.after && h(UI.Button, { size: "sm", variant: "outline", onClick: () => set({}) }, "First page"),
      page.after && h(UI.Button, { size: "sm", variant: "outline", onClick: () => set({ after: page.after }) }, "Next page")));
}

const Columns = ({ page }) => h(Fold, { mt: 3, title: `The ${page.columns.length} columns of ${page.table}` },
  h(Grid, { label: "Columns", rows: page.columns, columns: [
    ["Column", (row) => h(Mono, null, row.name)], ["Type", (row) => row.type], ["Meaning", (row) => row.comment],
  ] }));
