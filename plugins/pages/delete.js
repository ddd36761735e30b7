// Delete and restore: what will go, the name typed, the run that deletes, and the proof that a load restores it.
import {
  airflow, Choice, Fold, Fragment, Grid, h, moment, Notice, number, ours, RESET_DAG, Section, startRun, TextLink, Trouble, UI, useAnswer,
  useMe, useState,
} from "./common.js";

const WHOLE = ["all tables", "landing", "everything"], TICK_MS = 1000;

export function Delete({ search, go }) {
  const me = useMe(), tables = useAnswer(() => ours("tables"), []), landing = useAnswer(() => ours("landing"), []);
  const resets = useAnswer(() => ours("resets"), [], 3000);
  const target = search.get("target") ?? "all tables";
  const singles = (tables.data ?? []).filter((table) => table.is_deletable).map((table) => table.name);
  const folders = (landing.data?.loads ?? []).map((load) => `landing/${load.folder}`);
  const targets = [...new Set([...WHOLE, ...singles, ...folders, target])];
  return h(Section, { title: "Delete and restore",
    note: "The next load fetches what is missing and proves that the content is the same as before." },
  h(Trouble, { error: me.error ?? resets.error ?? tables.error ?? landing.error }),
  me.data && !me.data.may_delete && h(Notice, null, "Your login is read-only. To delete, sign in as admin."),
  me.data?.may_delete && h(Fragment, null,
    h(Choice, { id: "target", label: "What to delete", value: target, maxW: "420px", mb: 3, options: targets.map((one) => [one, one]),
      change: (one) => go({ target: one }) }),
    h(Confirm, { key: target, target, done: resets.again })),
  resets.data?.length > 0 && h(Resets, { resets: resets.data }));
}

/** Wait for the run to end; its error is the last line of the log of the task that failed. */
async function follow(runId) {
  const path = `dags/${RESET_DAG}/dagRuns/${encodeURIComponent(runId)}`;
  for (;;) {
    const { state } = await airflow(path);
    if (state === "success") return;
    if (state === "failed") {
      const log = await airflow(`${path}/taskInstances/delete_data/logs/1?map_index=-1&full_content=true`);
      const errors = log.content.flatMap((line) => (line.error_detail ?? []).map((one) => one.exc_value));
      throw new Error(errors.at(-1) ?? "The run failed: see its log in Airflow.");
    }
    await new Promise((done) => setTimeout(done, TICK_MS));
  }
}

function Confirm({ target, done }) {
  const preview = useAnswer(() => ours("reset", { target }), [target]);
  const [typed, setTyped] = useState(""), [state, setState] = useState({});
  const remove = async (event) => {
    event.preventDefault();
    setState({ isRunning: true });
    try {
      await follow((await startRun(RESET_DAG, { target, confirm: typed })).dag_run_id);
      setState({ isDone: true });
      setTyped("");
    } catch (error) { setState({ error }); }
    done();
  };
  return h(UI.Box, { maxW: "75ch" },
    h(Trouble, { error: state.error ?? (state.isDone ? null : preview.error) }),
    preview.data && !state.isDone && h(Notice, { status: "warning" }, preview.data.sentence),
    h("form", { onSubmit: remove },
      h("label", { htmlFor: "typed" }, "Type ", h("b", null, target), " to confirm"),
      h(UI.HStack, { mt: 1 },
        h(UI.Input, { id: "typed", size: "sm", autoComplete: "off", value: typed, onChange: (event) => setTyped(event.target.value) }),
        h(UI.Button, { type: "submit", size: "sm", colorPalette: "red", disabled: typed !== target || state.isRunning },
          state.isRunning ? "Deleting…" : "Delete"))),
    state.isDone && h(Notice, { status: "success" }, `Deleted ${target}. `,
      preview.data?.tables.length > 0 && h(TextLink, { to: "/plugin/pipeline" }, "Start a load to bring it back")));
}

function outcomeOf(reset) {
  if (!reset.tables.length) return ["gray", "files only"];
  if (!reset.restored_at) return ["gray", "not restored yet"];
  return reset.tables.every((table) => table.is_equal) ? ["green", "equal: yes"] : ["orange", "equal: no"];
}

function Resets({ resets }) {
  return h(Section, { title: "The last deletions" }, resets.map((reset) => {
    const [palette, outcome] = outcomeOf(reset);
    return h(UI.Box, { key: reset.reset_id, mb: 3, "data-target": reset.target },
      h(UI.HStack, { wrap: "wrap" }, h("b", null, reset.target), `deleted by ${reset.started_by}, ${moment(reset.reset_at)}`,
        h(UI.Badge, { colorPalette: palette }, outcome)),
      reset.tables.length > 0 && h(Fold, { title: "Content before and after" },
        h(Grid, { label: "Content before and after", rows: reset.tables, columns: [
          ["Table", (row) => row.table_name],
          ["Rows before", (row) => number(row.rows_before), true],
          ["Rows after", (row) => number(row.rows_after), true],
          ["Sum before", (row) => row.sum_before, true],
          ["Sum after", (row) => row.sum_after, true],
          ["Equal", (row) => (row.is_equal == null ? "" : row.is_equal ? "yes" : "no")],
        ] })));
  }));
}
