// See the pipeline: what each step does and did, a report's way through it, and a load as it happens.
import {
  ago, airflow, DAG, day, duration, Fold, Grid, h, moment, Mono, Notice, number, ours, Page, plural, RouterLink, Section, Small, startRun,
  State, STATES, TextButton, TextLink, UI, useAnswer, useEffect, useMe, useMemo, useSearchParams, useState,
} from "./common.js";
import { Receipt } from "./receipt.js";
import { Walk } from "./walk.js";

const TICK_MS = 1000, POLL_MS = 3000, DUE_TURNS = 20, LOG_LINES = 3, MOST_IN_A_CARD = 4;
const OVER = ["success", "failed"];

// --- The stations: the DAG's tasks, in columns by how far they are from the start ------------------------------------------

function stationsOf(tasks) {
  const depth = {};
  const before = (id) => tasks.filter((task) => task.downstream_task_ids.includes(id));
  const depthOf = (id) => (depth[id] ??= Math.max(0, ...before(id).map((task) => depthOf(task.task_id) + 1)));
  tasks.forEach((task) => depthOf(task.task_id));
  const station = ({ task_id: id, doc_md: doc }) => ({ id, depth: depth[id], title: titleOf(id), doc: firstSentence(doc) });
  return tasks.map(station).sort((one, other) => one.depth - other.depth || one.id.localeCompare(other.id));
}
const titleOf = (id) => { const words = id.split(".").at(-1).replaceAll("_", " "); return words[0].toUpperCase() + words.slice(1); };
const firstSentence = (text) => (text ?? "").trim().split(/\n\s*\n/)[0].replace(/\s+/g, " ").replaceAll("`", "");

/** Of a mapped task, the state that matters most. */
function stateOf(instances) {
  const order = ["failed", "awaiting_input", "up_for_retry", "running", "up_for_reschedule", "queued", "scheduled", "upstream_failed", "success", "skipped"];
  return order.find((state) => instances.some((one) => one.state === state)) ?? (instances.length ? "waiting" : undefined);
}

/** Without a run in Airflow, the states follow from what the load recorded. */
const inferred = (load, id, sentence) => (load?.status === "blocked" && id === "gate" ? "failed" : sentence ? "success" : undefined);

// --- A run as it happens -----------------------------------------------------------------------------------------------------

async function lastLines(runId, instance) {
  const place = `dags/${DAG}/dagRuns/${encodeURIComponent(runId)}/taskInstances/${instance.task_id}/logs/${instance.try_number}`;
  const { content } = await airflow(`${place}?map_index=${instance.map_index}&full_content=true`);
  const events = content.filter((line) => line.error_detail?.length || line.logger?.startsWith("austin_crime"));
  return events.slice(-LOG_LINES).map((line) => [line.event, ...(line.error_detail ?? []).map((one) => one.exc_value)].join(" "));
}

async function readRun(runId) {
  const path = `dags/${DAG}/dagRuns/${encodeURIComponent(runId)}`;
  const run = await airflow(path);
  const { task_instances: instances } = await airflow(`${path}/taskInstances?limit=500`);
  const talking = instances.filter((one) => ["running", "failed", "up_for_retry"].includes(one.state)).slice(-4);
  // A task that has just begun has no log yet; the next look shows it.
  const lines = await Promise.all(talking.map(async (one) => [one.task_id, await lastLines(runId, one).catch(() => [])]));
  const planned = run.conf?.dry_run && await airflow(`${path}/taskInstances/plan_load/xcomEntries/return_value?stringify=false`).catch(() => null);
  return { run, instances, lines: Object.fromEntries(lines), plan: planned ? plain(plain(planned.value).plan).map(plain) : null };
}
/** A value of a task as Airflow keeps it: dataclasses and tuples in a wrapper. */
const plain = (value) => value?.__data__ ?? value;

const seconds = (instances) => instances.reduce((sum, one) => sum + (one.duration ?? 0), 0);
const logPage = (runId, { task_id: taskId, map_index: index }) =>
  `/dags/${DAG}/runs/${encodeURIComponent(runId)}/tasks/${taskId}${index >= 0 ? `/mapped/${index}` : ""}`;

/** One card a place in the row; steps that run side by side share it. */
function Place({ place, members }) {
  const isShared = members.length > 1, isWide = members.length > MOST_IN_A_CARD;
  const state = stateOf(members.map((one) => ({ state: one.state })).filter((one) => one.state));
  const palette = STATES[state]?.[0] ?? "gray", isActive = ["running", "up_for_retry", "up_for_reschedule", "awaiting_input"].includes(state);
  const title = isShared ? `${members.length} steps side by side` : members[0].title;
  return h(UI.Card.Root, { size: "sm", as: "li", "data-state": state, gridColumn: isWide ? "1 / -1" : undefined, borderTopWidth: "3px",
    borderTopColor: ["waiting", undefined].includes(state) ? "border" : `${palette}.solid`, outline: isActive ? "2px solid" : undefined,
    outlineColor: `${palette}.solid` },
  h(UI.Card.Body, { gap: 1 },
    h(UI.Flex, { justify: "space-between", align: "start", gap: 2 },
      h(UI.Heading, { as: "h3", size: "sm" }, `${place}. ${title}`), state && h(State, { state })),
    h(UI.Text, { fontSize: "sm", color: "fg.muted" }, members[0].doc),
    h(UI.SimpleGrid, isShared ? { minChildWidth: "230px", columnGap: 3 } : { columns: 1 },
      members.map((member) => h(Station, { key: member.id, ...member, isShared })))));
}

function Station({ id, title, state, result, instances, lines, runId, isShared }) {
  const shown = instances.find((one) => one.state === state) ?? instances[0];
  const log = shown?.start_date && h(UI.Text, { as: "span", fontSize: "xs", color: "fg.muted", fontWeight: "normal" },
    duration(seconds(instances)), instances.length > 1 && ` in ${plural(instances.length, "task")}`, " · ",
    h(TextLink, { to: logPage(runId, shown), "aria-label": `Full log of ${title}` }, isShared ? "log" : "full log"));
  return h(UI.Box, { "data-task": id, "data-state": state },
    isShared ?
      h(UI.Text, { fontSize: "sm" }, `${title.replace("Build ", "")}: `, h("b", null, result ?? STATES[state]?.[1] ?? "…"), " ", log) :
      h(UI.Text, { fontWeight: "semibold" }, result),
    lines?.length > 0 && h(Mono, { bg: "bg.muted", p: 1, rounded: "sm", maxH: "9em", overflow: "auto", tabIndex: 0,
      "aria-label": `Newest log lines of ${title}` }, lines.join("\n")),
    !isShared && log);
}

function Stations({ stations, load, live, runId }) {
  const members = stations.map((station) => {
    const instances = live?.instances.filter((one) => one.task_id === station.id) ?? [], result = load?.stations[station.id];
    const state = instances.length ? stateOf(instances) : live ? undefined : inferred(load?.load, station.id, result);
    return { ...station, instances, result, state, lines: live?.lines[station.id], runId };
  });
  const places = Object.values(Object.groupBy(members, (member) => member.depth));
  return h(UI.SimpleGrid, { as: "ol", "aria-label": "Steps of the load", minChildWidth: "240px", gap: 3, listStyleType: "none" },
    places.map((together, index) => h(Place, { key: together[0].id, place: index + 1, members: together })));
}

// --- What went wrong, and the button that goes on ------------------------------------------------------------------------------

function WhatToDo({ load, live, may, isEmpty, start }) {
  const asking = live?.instances.find((one) => one.state === "awaiting_input");
  if (asking) return h(Notice, { status: "warning", title: "A check failed: the load waits for a decision" },
    h(UI.Text, { mb: 2 }, `Readers ${isEmpty ? "have no data" : "see the last good data"} until a person publishes the load or rejects it.`),
    h(UI.Button, { asChild: true, size: "sm" }, h(RouterLink, { to: `${logPage(live.run.dag_run_id, asking)}/required_actions` }, "See why, and decide")));
  const isFailed = live?.run.state === "failed" || ["failed", "blocked", "abandoned"].includes(load?.load.status);
  if (!isFailed) return null;
  const failed = live?.instances.find((one) => one.state === "failed");
  const blocking = (load?.checks ?? []).filter((check) => check.severity === "block" && check.status === "failed");
  const names = blocking.map((check) => check.check_name);
  const why = load?.load.message ?? live?.lines[failed?.task_id]?.at(-1) ?? "Its full log, at the red step, says why.";
  return h(Notice, { status: "error", title: blocking.length ? "Stopped by a check" : "This load failed" },
    h(UI.Text, null, why),
    h(UI.Text, { mt: 1 }, isEmpty ? "Nothing is published yet." : "Readers still see the last good data."),
    may.may_start && h(UI.HStack, { mt: 2, wrap: "wrap" },
      h(UI.Button, { size: "sm", onClick: () => start({}) }, "Start again"),
      names.length > 0 && blocking.every((check) => check.is_acceptable) &&
        h(UI.Button, { size: "sm", colorPalette: "red", variant: "outline", onClick: () => start({ accept: names }) },
          `Accept ${names.join(", ")} and start again`)));
}

// --- Start ---------------------------------------------------------------------------------------------------------------------

function Options({ params, values, change }) {
  const field = (name, { schema, description }) => {
    const id = `option-${name}`, set = (value) => change({ ...values, [name]: value });
    const hint = schema.type === "array" ? "names, with commas between" : "2024-05", list = `${id}-list`;
    return h(UI.Box, { key: name },
      h("label", { htmlFor: id }, h(UI.Text, { as: "span", fontWeight: "medium", mr: 2 }, schema.title ?? name)),
      schema.type === "boolean" ?
        h("input", { id, type: "checkbox", checked: values[name] ?? false, onChange: (event) => set(event.target.checked) }) :
        h(UI.Input, { id, list, size: "sm", value: values[name] ?? "", placeholder: hint, onChange: (event) => set(event.target.value) }),
      h("datalist", { id: list }, (schema.examples ?? []).map((value) => h("option", { key: value, value }))), h(Small, null, description));
  };
  return h(UI.SimpleGrid, { minChildWidth: "260px", gap: 3, mt: 2 }, Object.entries(params).map(([name, param]) => field(name, param)));
}

/** The person's values as the DAG's parameters; empty ones are left out. */
function confOf(params, values) {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value !== false);
  const names = (text) => text.split(",").map((one) => one.trim()).filter(Boolean);
  return Object.fromEntries(given.map(([name, value]) => [name, params[name].schema.type === "array" ? names(value) : value]));
}

/** Start a run as the signed-in person. A paused DAG is switched on; the run that is due then counts as the one. */
async function startNightly(conf) {
  const dag = await airflow(`dags/${DAG}`);
  const newest = async () => (await airflow(`dags/${DAG}/dagRuns?limit=1&order_by=-run_after`)).dag_runs[0]?.dag_run_id;
  if (dag.is_paused) {
    const before = await newest(), isDue = dag.next_dagrun_run_after && new Date(dag.next_dagrun_run_after) <= Date.now();
    await airflow(`dags/${DAG}?update_mask=is_paused`, "PATCH", { is_paused: false });
    for (let turn = 0; isDue && turn < DUE_TURNS && !Object.keys(conf).length; turn += 1) {
      await new Promise((done) => setTimeout(done, TICK_MS));
      const now = await newest();
      if (now && now !== before) return now;
    }
  }
  return (await startRun(DAG, conf)).dag_run_id;
}

function StartBar({ may, params, start, isRunning, isWalking, walk }) {
  const [values, setValues] = useState({});
  return h(UI.Box, { my: 3 },
    h(UI.HStack, { wrap: "wrap" },
      may.may_start && h(UI.Button, { colorPalette: "brand", disabled: isRunning, onClick: () => start(confOf(params, values)) },
        isRunning ? "A load is running" : "Start a load"),
      h(UI.Button, { variant: "outline", "aria-expanded": isWalking, onClick: walk }, isWalking ? "Close: how it works" : "How it works"),
      h(UI.Button, { asChild: true, variant: "ghost" }, h(RouterLink, { to: "/plugin/data" }, "See the data"))),
    may.may_start && h(Fold, { mt: 2, title: "Options of the load" }, h(Options, { params, values, change: setValues })),
    may.may_start === false && h(Small, null, "Your login is read-only. To start a load, sign in as admin."));
}

// --- The last nights -------------------------------------------------------------------------------------------------------------

function Nights({ loads, chosen, choose }) {
  const longest = Math.max(...loads.map((load) => load.seconds), 1);
  const bar = (load) => h(UI.Box, { key: load.load_id, flex: "1", maxW: "28px", cursor: "pointer", onClick: () => choose(load.load_id),
    title: `${moment(load.started_at)}: ${load.status}`, bg: `${STATES[load.status]?.[0] ?? "gray"}.solid`,
    opacity: load.load_id === chosen ? 1 : 0.55, h: `${Math.max(6, 100 * load.seconds / longest)}%` });
  const started = (load) =>
    h(TextButton, { "aria-pressed": load.load_id === chosen, onClick: () => choose(load.load_id) }, moment(load.started_at));
  return h(Section, { title: "The last loads", note: "One bar a load, as high as it took. Choose one to see its numbers above." },
    h(UI.HStack, { align: "end", gap: "2px", h: "72px", mb: 2, "aria-hidden": true }, [...loads].reverse().map(bar)),
    h(Grid, { label: "The last loads", rows: loads, row: (load) => ({ bg: load.load_id === chosen ? "bg.emphasized" : undefined }),
      columns: [
        ["Started", started],
        ["By", (load) => (load.started_by === "airflow" ? "schedule" : load.started_by ?? load.orchestrator)],
        ["Outcome", (load) => h(State, { state: load.status })],
        ...["added", "edited", "removed"].map((name) => [titleOf(name), (load) => number(load[`${name}_count`]), true]),
        ["Took", (load) => duration(load.seconds), true],
      ] }));
}

// --- The page ----------------------------------------------------------------------------------------------------------------------

function freshness(status) {
  if (status.is_empty) return status.notice;
  const sample = status.is_sample ? " Sample data: these reports are invented." : "";
  return `${number(status.report_count)} reports are published, the newest of ${day(status.newest_report_date)};` +
    ` loaded ${ago(status.published_at)}.${sample}`;
}

/** The run or load to show first: a run that goes on, a dry run, or one that failed since the last load began; else the last load. */
function newestOf(run, loads) {
  const isNewer = run && !(run.start_date < loads?.[0]?.started_at);
  return run && (!OVER.includes(run.state) || ((run.state === "failed" || run.conf?.dry_run) && isNewer)) ? run.dag_run_id : loads?.[0]?.load_id;
}

const ifFound = (request) => request.catch((error) => { if (error.status === 404) return null; throw error; });

/** The chosen load: what Airflow knows of its run, and what the warehouse recorded; each asked for as long as it changes. */
function useLoad(chosen) {
  const nothing = () => Promise.resolve(null);
  const run = useAnswer(chosen ? () => ifFound(readRun(chosen)) : nothing, [chosen],
    (answer) => (answer && !OVER.includes(answer.run.state) ? TICK_MS : 0));
  const live = run.data?.run.dag_run_id === chosen ? run.data : null, isLive = live !== null && !OVER.includes(live.run.state);
  const recorded = useAnswer(chosen ? () => ours("load", { load_id: chosen }) : nothing, [chosen, isLive], isLive ? TICK_MS : 0);
  return { live, isLive, load: recorded.data?.load.load_id === chosen ? recorded.data : null, error: run.error ?? recorded.error };
}

export function Pipeline({ isTab = false }) {
  const me = useMe();
  const [search, setSearch] = useSearchParams();
  const [isWalking, setWalking] = useState(false), [trouble, setTrouble] = useState(null);
  const tasks = useAnswer(() => airflow(`dags/${DAG}/tasks`), []), details = useAnswer(() => airflow(`dags/${DAG}/details`), []);
  const overview = useAnswer(() => ours("loads"), [], POLL_MS);
  const runs = useAnswer(() => airflow(`dags/${DAG}/dagRuns?limit=1&order_by=-run_after`), [], POLL_MS);
  const newest = runs.data?.dag_runs[0], isRunning = newest !== undefined && !OVER.includes(newest.state);
  const loads = overview.data?.loads, chosen = search.get("load") ?? newestOf(newest, loads);
  const { live, isLive, load, error } = useLoad(chosen);
  const stations = useMemo(() => stationsOf(tasks.data?.tasks ?? []), [tasks.data]);
  const choose = (loadId) => setSearch((before) => new URLSearchParams([...before].filter(([name]) => name !== "load").concat([["load", loadId]])));
  const start = async (conf) => {
    setTrouble(null);
    try { choose(await startNightly(conf)); runs.again(); } catch (failure) { setTrouble(failure); }
  };
  useEffect(() => { if (!isRunning) overview.again(); }, [isRunning]);
  const startedAt = loads?.find((one) => one.load_id === chosen)?.started_at ?? load?.load.started_at ?? live?.run.run_after;
  const may = me.data ?? {};
  return h(Page, { title: isTab ? "The nightly load" : "See the pipeline",
    error: trouble ?? me.error ?? overview.error ?? tasks.error ?? details.error ?? runs.error ?? error,
    note: "Every night, the police reports of Austin travel from the city's open data portal through these steps to tables and dashboards."
      + " Nothing is published unless it equals what the city counts." },
  overview.data && h(UI.Text, { fontSize: "lg" }, freshness(overview.data.status)),
  h(StartBar, { may, params: details.data?.params ?? {}, start, isRunning, isWalking, walk: () => setWalking(!isWalking) }),
  isWalking && h(Walk, { stations }),
  h(WhatToDo, { load, live, may, isEmpty: overview.data?.status.is_empty, start }),
  h(Section, { title: isLive ? "The load as it happens" : startedAt ? `The load of ${moment(startedAt)}` : "What a load does", mt: 4,
    note: load?.load.status === "unchanged" ? load.load.message : "" },
  h(Stations, { stations, load, live, runId: chosen })),
  live?.plan && h(Section, { title: "The plan of this dry run", note: "What a load would fetch now. Nothing was loaded." },
    h(Grid, { label: "The plan", rows: live.plan, columns: [
      ["Months", (row) => row.kind], ["Number", (row) => number(row.month_count), true], ["Reports to fetch", (row) => number(row.report_count), true]] })),
  load && !isLive && h(Receipt, { loadId: chosen }),
  loads?.length > 0 && h(Nights, { loads, chosen, choose }),
  loads?.length === 0 && h(Notice, null, "No load has run yet. Press Start a load: it takes about a minute with the sample data."));
}

globalThis.Pipeline = Pipeline;
