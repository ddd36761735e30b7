// See the data: files as received, the newest reports, tables, what changed, what was rejected; delete, and see it come back.
import {
  ago, bytes, Choice, day, duration, Fragment, Grid, h, moment, Mono, Notice, number, ours, Page, plural, query, Section, Small, State,
  TextButton, TextLink, Trouble, UI, url, useAnswer, useMe, useSearchParams, wall,
} from "./common.js";
import { Browse } from "./browse.js";
import { Delete } from "./delete.js";
import { Cleaned } from "./walk.js";

const TABS = {
  newest: "Newest reports", received: "Received files", tables: "Tables", changes: "What changed", rejected: "Rejected reports",
  delete: "Delete and restore",
};

const NoData = () => h(Notice, null, "There is no data yet. ", h(TextLink, { to: "/plugin/pipeline" }, "Start a load"),
  ": it takes about a minute with the sample data.");

function Newest() {
  const { data, error } = useAnswer(() => ours("newest"), []);
  const age = (days) => (days === 0 ? "today" : `${plural(days, "day")} ago`);
  return h(Section, { title: "The newest 5 reports", note: "Times are Austin's." },
    h(Trouble, { error }),
    data?.length === 0 && h(NoData),
    data?.length > 0 && h(Grid, { label: "Newest reports", rows: data, columns: [
      ["Number", (row) => row.incident_id],
      ["Crime", (row) => h(Fragment, null, row.crime_type, h(Small, null, row.location_type))],
      ["District", (row) => row.council_district, true],
      ["Occurred", (row) => wall(row.occurred_at)],
      ["Reported", (row) => h(Fragment, null, wall(row.reported_at), h(Small, null, age(row.days_ago)))],
      ["Cleared", (row) => h(Fragment, null, row.clearance_name ?? "no status", h(Small, null, day(row.clearance_date)))],
      ["Added by", (row) => h(TextLink, { to: `/plugin/pipeline?${query({ load: row.load_id })}` }, row.load_id)],
    ] }));
}

// --- Received files ------------------------------------------------------------------------------------------------------------

function Received({ search, go }) {
  const { data, error } = useAnswer(() => ours("landing"), []);
  const folder = search.get("folder"), file = search.get("file");
  return h(Section, { title: "Received files",
    note: "Every answer of the city's portal is kept as it came, with its SHA-256. A load can be repeated from these files." },
  h(Trouble, { error }),
  data?.loads.length === 0 && h(NoData),
  data?.loads.length > 0 && h(Fragment, null,
    h(Grid, { label: "Loads in the landing", rows: data.loads, columns: [
      ["Load", (row) => h(TextButton, { onClick: () => go({ folder: row.folder, file: "" }) }, row.load_id)],
      ["Age", (row) => ago(row.started_at)],
      ["Outcome", (row) => h(State, { state: row.status })],
      ["Batches", (row) => number(row.file_count), true],
      ["Reports", (row) => number(row.report_count), true],
      ["Size", (row) => bytes(row.byte_count), true],
    ] }),
    h(Small, null, `${plural(data.load_count, "load")} in ${data.address}`)),
  folder && h(Files, { key: folder, folder, file, go }));
}

function Files({ folder, file, go }) {
  const me = useMe();
  const { data, error } = useAnswer(() => ours("landing/files", { name: folder }), [folder]);
  const short = (row) => row.name.split("/").slice(1).join("/");
  const remove = (row) => `/plugin/data?${query({ tab: "delete", target: `landing/${row.name}` })}`;
  const download = (row) => url(`austin-crime/landing/file?${query({ name: row.name })}`);
  return h(Section, { title: `Files of ${folder}`, mt: 6 },
    h(Trouble, { error: error ?? me.error }),
    data && h(Grid, { label: "Files", rows: data, columns: [
      ["File", (row) => (row.is_batch ? h(TextButton, { onClick: () => go({ folder, file: row.name }) }, short(row)) : short(row))],
      ["Reports", (row) => number(row.report_count), true],
      ["Size", (row) => bytes(row.byte_count), true],
      ["Age", (row) => ago(row.changed_at)],
      ["SHA-256", (row) => row.sha256 && h(Mono, { title: row.sha256 }, `${row.sha256.slice(0, 12)}…`)],
      ["", (row) => h("a", { href: download(row), style: { textDecoration: "underline" } }, "Download")],
      ["", (row) => me.data?.may_delete && h(TextLink, { to: remove(row), "aria-label": `Delete ${row.name}` }, "Delete")],
    ] }),
    file && h(Reports, { key: file, file }));
}

function Reports({ file }) {
  const { data, error } = useAnswer(() => ours("landing/reports", { name: file }), [file]);
  return h(Section, { title: `First reports of ${file.split("/").at(-1)}`, mt: 6,
    note: "Raw on the left, cleaned on the right; what the rules changed is marked." },
  h(Trouble, { error }),
  data?.length === 0 && h(Notice, null, "This file holds no reports."),
  data?.map((report, index) => h(UI.SimpleGrid, { key: index, columns: { base: 1, lg: 2 }, gap: 4, mb: 6 },
    h(Mono, { bg: "bg.muted", p: 2, rounded: "md", minW: 0 }, JSON.stringify(report.raw, null, 2)),
    h(UI.Box, { minW: 0 }, h(Cleaned, { rows: report.cleaned })))));
}

// --- What changed ----------------------------------------------------------------------------------------------------------------

function Changes({ search, setSearch }) {
  const { data, error } = useAnswer(() => ours("loads"), []);
  const loads = (data?.loads ?? []).filter((load) => load.added_count + load.edited_count + load.removed_count > 0);
  const chosen = search.get("load") ?? loads.find((load) => load.held_report_count > 0)?.load_id ?? loads[0]?.load_id;
  const load = loads.find((one) => one.load_id === chosen);
  const named = (one) => [one.load_id,
    `${moment(one.started_at)}: ${number(one.added_count)} added, ${number(one.edited_count)} edited, ${number(one.removed_count)} removed`];
  return h(Section, { title: "What changed",
    note: "Reports that a load added, edited (from which value to which) or removed. A load that fills an empty warehouse lists none." },
  h(Trouble, { error }),
  data && loads.length === 0 && h(NoData),
  loads.length > 0 && h(Fragment, null,
    h(Choice, { id: "load", label: "Load", value: chosen, maxW: "420px", mb: 3, options: loads.map(named),
      change: (loadId) => setSearch({ tab: "changes", load: loadId }) }),
    load && h(UI.Text, { mb: 2 }, `${load.message ?? ""} Took ${duration(load.seconds)}.`),
    h(Browse, { key: chosen, table: "ops.crime_changes", fixed: [`load_id:eq:${chosen}`], hidden: ["load_id"], search, setSearch })));
}

// --- The page ----------------------------------------------------------------------------------------------------------------------

const Tables = (props) => h(Section, { title: "Tables",
  note: "What dashboards and SQL Lab read. The address of this page is the address of this view: share it." }, h(Browse, props));

const Rejected = (props) => h(Section, { title: "Rejected reports",
  note: "Reports that the city has and the tables leave out, with the reason. They are included in the comparison, so totals still match." },
h(Browse, { table: "ops.rejects", empty: "No report is rejected.", ...props }));

const PANELS = { newest: Newest, received: Received, tables: Tables, changes: Changes, rejected: Rejected, delete: Delete };

export function Data() {
  const [search, setSearch] = useSearchParams();
  const tab = search.get("tab") in PANELS ? search.get("tab") : "newest";
  const go = (values) => setSearch({ tab, ...values });
  return h(Page, { title: "See the data", note: "From the file that the city sent to the rows that the dashboards read." },
    h(UI.Flex, { as: "nav", "aria-label": "Parts of this page", wrap: "wrap", gap: 2, mt: 2 },
      Object.entries(TABS).map(([name, title]) => {
        const look = tab === name ? { variant: "solid", colorPalette: "brand", "aria-current": "page" } : { variant: "outline" };
        return h(UI.Button, { key: name, size: "sm", ...look, onClick: () => setSearch({ tab: name }) }, title);
      })),
    h(PANELS[tab], { search, setSearch, go }));
}

globalThis.Data = Data;
