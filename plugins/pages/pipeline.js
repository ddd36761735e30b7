// See the pipeline: what each step does and did, a report's way through it, and a load as it happens.
import {
  ago, airflow, DAG, day, duration, h, moment, Mono, Notice, number, ours, Page, plural, RouterLink, Section, startRun, State, STATES,
  TextButton, TextLink, UI, useAnswer, useEffect, useMe, useMemo, useSearchParams, useState,
} from "./common.js";
import { Receipt } from "./receipt.js";
import { Walk } from "./walk.js";

const TICK_MS = 1000, LOG_LINES = 3, MOST_IN_A_CARD = 4;
const OVER = ["success", "failed"];

// --- The stations: the DAG's tasks, in columns by how far they are from the start ------------------------------------------

function stationsOf(tasks) {
  const depth = {};
  const before = (id) => tasks.filter((task) => task.downstream_task_ids.includes(id));
  const depthOf = (id) => (depth[id] ??= Math.max(0, ...before(id).map((task) => depthOf(task.task_id) + 1)));
  tasks.forEach((task) => depthOf(task.task_id));
  return tasks.map((task) => ({ id: task.task_id, depth: depth[task.task_id], title: titleOf(task.task_id),
    doc: firstSentence(task.doc_md) }))
    .sort((one, other) => one.depth - other.depth || one.id.localeCompare(other.id));
}
const titleOf = (id) => { const words = id.split(".").at(-1).replaceAll("_", " "); return words[0].toUpperCase() + words.slice(1); };
const firstSentence = (text) => (text ?? "").trim().split(/\n\s*\n/)[0].replace(/\s+/g, " ").replaceAll("`", "");

/** Of a mapped task, the state that matters most. */
function stateOf(instances) {
  const order = ["failed", "up_for_retry", "running", "up_for_reschedule", "queued", "scheduled", "upstream_failed", "success", "skipped"];
  return order.find((state) => instances.some((one) => one.state === state)) ?? (instances.length ? "waiting" : undefined);
}

/** Without a run in Airflow, the states follow from what the load recorded. */
const inferred = (load, id, sentence) => !load ? undefined : load.status === "blocked" && id === "gate" ? "failed" : sentence
  ? "success" : undefined;

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
  const lines = await Promise.all(talking.map(async (one) => [one.task_id, await lastLines(runId, one).catch(() => [])]));
  return { run, instances, lines: Object.fromEntries(lines) };
}

const seconds = (instances) => instances.reduce((sum, one) => sum + (one.duration ?? 0), 0);
const logPage = (runId, one) => `/dags/${DAG}/runs/${encodeURIComponent(runId)}/tasks/${one.task_id}${one.map_index >= 0 ? `/mapped/${one.map_index}` : ""}`;

/** One card a place in the row; steps that run side by side share it. */
function Place({ place, members }) {
  const states = members.map((one) => one.state), state = stateOf(states.filter(Boolean).map((one) => ({ state: one })));
  const palette = STATES[state]?.[0] ?? "gray", isActive = ["running", "up_for_retry", "up_for_reschedule"].includes(state);
  const isShared = members.length > 1;
  return h(UI.Card.Root, { size: "sm", as: "li", "data-state": state, borderTopWidth: "3px",
    borderTopColor: ["waiting", undefined].includes(state) ? "border" : `${palette}.solid`,
    gridColumn: members.length > MOST_IN_A_CARD ? "1 / -1" : undefined, bg: isActive ? `${palette}.subtle` : undefined,
      transition: "background-color 0.5s", _motionReduce: { transition: "none" } },
  h(UI.Card.Body, { gap: 1 },
    h(UI.Flex, { justify: "space-between", align: "start", gap: 2 },
      h(UI.Heading, { as: "h3", size: "sm" }, `${place}. ${isShared ? `${members.length} steps side by side` : members[0].title}`), state
        && h(State, { state })),
    h(UI.Text, { fontSize: "sm", color: "fg.muted" }, members[0].doc),
    isShared ? h(UI.SimpleGrid, { minChildWidth: "230px", columnGap: 3 }, members.map((member) => h(Station, { key: member.id,
      ...member, isShared }))) :
      h(Station, members[0])));
}

function Station({ id, title, state, result, instances, lines, runId, isShared }) {
  const shown = instances.find((one) => one.state === state) ?? instances[0];
  const log = shown?.start_date && h(UI.Text, { as: "span", fontSize: "xs", color: "fg.muted",
    fontWeight: "normal" }, duration(seconds(instances)),
    instances.length > 1 && ` in ${plural(instances.length, "task")}`, " · ",
    h(TextLink, { to: logPage(runId, shown), "aria-label": `Full log of ${title}` }, isShared ? "log" : "full log"));
  return h(UI.Box, { "data-task": id, "data-state": state },
    isShared ? h(UI.Text, { fontSize: "sm" }, `${title.replace("Build ", "")}: `,
      h("b", null, result ?? STATES[state]?.[1] ?? "…"), " ", log) :
      h(UI.Text, { fontWeight: "semibold" }, result),
    lines?.length > 0 && h(Mono, { bg: "bg.muted", p: 1, rounded: "sm", maxH: "9em", overflow: "auto",
      tabIndex: 0, "aria-label": `Newest log lines of ${title}` }, lines.join("\n")),
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

function WhatToDo({ load, live, me, start }) {
  const isFailed = live?.run.state === "failed" || ["failed", "blocked", "abandoned"].includes(load?.load.status);
  if (!isFailed) return null;
  const failed = live?.instances.find((one) => one.state === "failed");
  const blocking = (load?.checks ?? []).filter((check) => check.severity === "block" && check.status === "failed");
  const acceptable = blocking.length > 0 && blocking.every((check) => check.is_acceptable);
  const why = load?.load.message ?? live?.lines[failed?.task_id]?.at(-1) ?? "It failed before it could say why: see the full log of the red step.";
  return h(Notice, { status: "error", title: blocking.length ? "Stopped by a check" : "This load failed" },
    h(UI.Text, null, why), h(UI.Text, { mt: 1 }, "Readers still see the last good load."),
    me.may_start && h(UI.HStack, { mt: 2, wrap: "wrap" },
      h(UI.Button, { size: "sm", onClick: () => start({}) }, "Start again"),
      acceptable && h(UI.Button, { size: "sm", colorPalette: "red", variant: "outline",
        onClick: () => start({ accept: blocking.map((check) => check.check_name) }) },
        `Accept ${blocking.map((check) => check.check_name).join(", ")} and start again`)));
}

// --- Start ---------------------------------------------------------------------------------------------------------------------

function Options({ params, values, change }) {
  return h(UI.SimpleGrid, { minChildWidth: "260px", gap: 3, mt: 2 }, Object.entries(params).map(([name, { schema, description }]) => {
    const isSwitch = schema.type === "boolean", id = `option-${name}`;
    const input = isSwitch ? h("input", { id, type: "checkbox", checked: values[name] ?? false, onChange: (event) => change({ ...values,
      [name]: event.target.checked }) }) :
      h(UI.Input, { id, size: "sm", value: values[name] ?? "", placeholder: schema.type === "array"
        ? "names, with commas between" : "2024-05", onChange: (event) => change({ ...values, [name]: event.target.value }) });
    return h(UI.Box, { key: name }, h("label", { htmlFor: id }, h(UI.Text, { as: "span", fontFamily: "mono", mr: 2 }, name)), input,
      h(UI.Text, { fontSize: "xs", color: "fg.muted" }, description));
  }));
}

/** The person's values as the DAG's parameters; empty ones are left out. */
const confOf = (params, values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "" && value !== false)
  .map(([name, value]) => [name, params[name].schema.type === "array"
    ? value.split(",").map((one) => one.trim()).filter(Boolean) : value]));

/** Start a run as the signed-in person. A paused DAG is switched on; the run that is due then counts as the one. */
async function startNightly(conf) {
  const dag = await airflow(`dags/${DAG}`);
  const newest = async () => (await airflow(`dags/${DAG}/dagRuns?limit=1&order_by=-run_after`)).dag_runs[0]?.dag_run_id;
  if (dag.is_paused) {
    const before = await newest();
    await airflow(`dags/${DAG}?update_mask=is_paused`, "PATCH", { is_paused: false });
    for (let turn = 0; new Date(dag.next_dagrun_run_after) <= Date.now() && turn < 20 && !Object.keys(conf).length; turn += 1) {
      await new Promise((done) => setTimeout(done, TICK_MS));
      const now = await newest();
      if (now && now !== before) return now;
    }
  }
  return (await startRun(DAG, conf)).dag_run_id;
}

function StartBar({ me, params, start, isRunning, isWalking, walk }) {
  const [values, setValues] = useState({});
  return h(UI.Box, { my: 3 },
    h(UI.HStack, { wrap: "wrap" },
      me.may_start && h(UI.Button, { colorPalette: "brand", disabled: isRunning, onClick: () => start(confOf(params, values)) }, isRunning
        ? "A load is running" : "Start a load"),
      h(UI.Button, { variant: "outline", "aria-expanded": isWalking, onClick: walk }, isWalking ? "Close: how it works" : "How it works"),
      h(UI.Button, { asChild: true, variant: "ghost" }, h(RouterLink, { to: "/plugin/data" }, "See the data"))),
    me.may_start ? h("details", { style: { marginTop: "0.5rem" } }, h("summary", { style: { cursor: "pointer" } }, "Options of the load"),
      h(Options, { params, values, change: setValues })) :
      h(UI.Text, { color: "fg.muted", fontSize: "sm", mt: 1 }, "Your login reads. To start a load, sign in as admin."));
}

// --- The last nights -------------------------------------------------------------------------------------------------------------

function Nights({ loads, chosen, choose }) {
  const longest = Math.max(...loads.map((load) => load.seconds), 1);
  return h(Section, { title: "The last loads", note: "One bar a load, as high as it took. Choose one to see its numbers above." },
    h(UI.HStack, { align: "end", gap: "2px", h: "72px", mb: 2, "aria-hidden": true }, [...loads].reverse().map((load) =>
      h(UI.Box, { key: load.load_id, flex: "1", maxW: "28px", cursor: "pointer", title: `${moment(load.started_at)}: ${load.status}`,
        bg: `${STATES[load.status]?.[0] ?? "gray"}.solid`,
        opacity: load.load_id === chosen ? 1 : 0.55, h: `${Math.max(6, 100 * load.seconds / longest)}%`,
          onClick: () => choose(load.load_id) }))),
    h(UI.Box, { overflowX: "auto" }, h(UI.Table.Root, { size: "sm" },
      h(UI.Table.Header, null, h(UI.Table.Row, null,
        ["Started", "By", "Outcome", "Added", "Edited", "Removed", "Took"].map((title, index) => h(UI.Table.ColumnHeader, { key: title,
        textAlign: index > 2 ? "end" : "start" }, title)))),
      h(UI.Table.Body, null, loads.map((load) => h(UI.Table.Row, { key: load.load_id, bg: load.load_id === chosen
        ? "bg.emphasized" : undefined },
        h(UI.Table.Cell, null, h(TextButton, { "aria-pressed": load.load_id === chosen,
          onClick: () => choose(load.load_id) }, moment(load.started_at))),
        h(UI.Table.Cell, null, load.started_by === "airflow" ? "schedule" : load.started_by ?? load.orchestrator), h(UI.Table.Cell, null,
          h(State, { state: load.status })),
        ...["added_count", "edited_count", "removed_count"].map((name) => h(UI.Table.Cell, { key: name,
          textAlign: "end" }, number(load[name]))),
        h(UI.Table.Cell, { textAlign: "end", whiteSpace: "nowrap" }, duration(load.seconds))))))));
}

// --- The page ----------------------------------------------------------------------------------------------------------------------

const freshness = (status) => status.is_empty ? status.notice ?? "No data yet." :
  `${number(status.report_count)} reports are published, the newest of ${day(status.newest_report_date)}; loaded ${ago(status.published_at)}.${status.is_sample ? " Sample data: these reports are invented." : ""}`;

export function Pipeline({ isTab = false }) {
  const me = useMe();
  const [search, setSearch] = useSearchParams();
  const [isWalking, setWalking] = useState(false), [trouble, setTrouble] = useState(null);
  const tasks = useAnswer(() => airflow(`dags/${DAG}/tasks`), []);
  const details = useAnswer(() => airflow(`dags/${DAG}/details`), []);
  const overview = useAnswer(() => ours("loads"), [], 3000);
  const runs = useAnswer(() => airflow(`dags/${DAG}/dagRuns?limit=1&order_by=-run_after`), [], 3000);
  const newestRun = runs.data?.dag_runs[0], isRunning = newestRun && !OVER.includes(newestRun.state);
  // The chosen load; else the run that goes on, else the last load.
  const chosen = search.get("load") ?? (isRunning ? newestRun.dag_run_id : overview.data?.loads[0]?.load_id);
  const nothing = () => Promise.resolve(null);
  const live = useAnswer(chosen ? () => readRun(chosen).catch((error) => { if (error.status !== 404) throw error; return null; }) : nothing,
    [chosen],
    (answer) => (answer && !OVER.includes(answer.run.state) ? TICK_MS : 0));
  const currentLive = live.data?.run.dag_run_id === chosen
    ? live.data : null, isLive = currentLive && !OVER.includes(currentLive.run.state);
  const load = useAnswer(chosen ? () => ours("load", { load_id: chosen }) : nothing, [chosen, isLive], isLive ? TICK_MS : 0);
  const stations = useMemo(() => stationsOf(tasks.data?.tasks ?? []), [tasks.data]);
  const choose = (loadId) => setSearch((before) => { const next = new URLSearchParams(before); loadId
    ? next.set("load", loadId) : next.delete("load"); return next; });
  const start = async (conf) => {
    setTrouble(null);
    try { choose(await startNightly(conf)); runs.again(); } catch (error) { setTrouble(error); }
  };
  useEffect(() => { if (!isRunning) overview.again(); }, [isRunning]);
  const current = load.data?.load.load_id === chosen ? load.data : null;
  return h(Page, { title: isTab ? "The nightly load" : "See the pipeline", error: trouble ?? overview.error ?? tasks.error,
    note: "Every night, the police reports of Austin travel from the city's open data portal through these steps to tables and dashboards. Nothing is published unless it equals what the city counts." },
    overview.data && h(UI.Text, { fontSize: "lg" }, freshness(overview.data.status)),
    h(StartBar, { me, params: details.data?.params ?? {}, start, isRunning, isWalking, walk: () => setWalking(!isWalking) }),
    isWalking && h(Walk, { stations }),
    h(WhatToDo, { load: current, live: currentLive, me, start }),
    h(Section, { title: isLive ? "The load as it happens" : chosen && overview.data
      ? `The load of ${moment(overview.data.loads.find((one) => one.load_id === chosen)?.started_at ?? current?.load.started_at ?? currentLive?.run.run_after)}` : "What a load does", note: current?.load.status === "published" ? "" : current?.load.message, mt: 4 },
      h(Stations, { stations, load: current, live: currentLive, runId: chosen })),
    current && !isLive && h(Receipt, { loadId: chosen }),
    overview.data?.loads.length > 0 && h(Nights, { loads: overview.data.loads, chosen, choose }),
    overview.data?.loads.length === 0 && h(Notice, null, "No load has run yet. Press Start a load: it takes about a minute with the sample data."));
}

globalThis.Pipeline = Pipeline;
