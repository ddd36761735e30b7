// Delete and see it come back: what will go, the name typed, the run that deletes, and the proof that a load restores it.
import { airflow, Fragment, Grid, h, moment, Notice, number, ours, RESET_DAG, Section, startRun, TextLink, Trouble, UI, useAnswer, useState } from "./common.js";

const WHOLE = ["all tables", "landing", "everything"], TICK_MS = 1000;

export function Delete({ me, search, go }) {
  const tables = useAnswer(() => ours("tables"), []), landing = useAnswer(() => ours("landing"), []);
  const resets = useAnswer(() => ours("resets"), [], 3000);
  const target = search.get("target") ?? "all tables";
  const singles = (tables.data ?? []).filter((table) => table.is_deletable).map((table) => table.name);
  const folders = (landing.data?.loads ?? []).map((load) => `landing/${load.folder}`);
  return h(Section, { title: "Delete and see it come back",
    note: "The next load fetches what is missing and proves that the content is the same as before." },
    !me.may_delete ? h(Notice, null, "Your login reads. To delete, sign in as admin.") : h(Fragment, null,
      h("label", { htmlFor: "target" }, "What to delete "), h(UI.NativeSelect.Root, { size: "sm", maxW: "420px", mb: 3 },
        h(UI.NativeSelect.Field, { id: "target", value: target, onChange: (event) => go({ target: event.target.value }) },
          [...new Set([...WHOLE, ...singles, ...folders, target])].map((one) => h("option", { key: one, value: one }, one))),
            h(UI.NativeSelect.Indicator)),
      h(Confirm, { key: target, target, done: resets.again })),
    h(Trouble, { error: resets.error ?? tables.error }), resets.data?.length > 0 && h(Resets, { resets: resets.data }));
}

/** Wait for the run to end; its error is the last line of the log of the task that failed. */
async function follow(runId) {
  const path = `dags/${RESET_DAG}/dagRuns/${encodeURIComponent(runId)}`;
  for (;;) {
    const { state } = await airflow(path);
    const log = async () => (await airflow(`${path}/taskInstances/delete_data/logs/1?map_index=-1&full_content=true`)).content;
    if (state === "success") return;
    if (state === "failed") throw new Error((await log()).flatMap((line) => (line.error_detail ?? []).map((one) => one.exc_value)).at(-1) ?? "It failed: see its log in Airflow.");
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
      preview.again();
    } catch (error) { setState({ error }); }
    done();
  };
  return h(UI.Box, { maxW: "75ch" }, h(Trouble, { error: preview.error ?? state.error }),
    preview.data && h(Notice, { status: "warning" }, preview.data.sentence),
    h("form", { onSubmit: remove }, h("label", { htmlFor: "typed" }, "Type ", h("b", null, target), " to confirm"),
      h(UI.HStack, { mt: 1 }, h(UI.Input, { id: "typed", size: "sm", autoComplete: "off", value: typed,
        onChange: (event) => setTyped(event.target.value) }),
        h(UI.Button, { type: "submit", size: "sm", colorPalette: "red", disabled: typed !== target || state.isRunning }, state.isRunning
          ? "Deleting…" : "Delete"))),
    state.isDone && h(Notice, { status: "success" }, `Deleted ${target}. `, h(TextLink,
      { to: "/plugin/pipeline" }, "Start a load to bring it back"), "."));
}

function Resets({ resets }) {
  return h(Section, { title: "The last deletions" }, resets.map((reset) => {
    const isEqual = reset.tables.every((table) => table.is_equal);
    const palette = !reset.restored_at ? "gray" : isEqual ? "green" : "orange";
    const outcome = !reset.tables.length ? "files only" : !reset.restored_at ? "not brought back yet" : isEqual
      ? "equal: yes" : "equal: no, the city's data changed since";
    return h(UI.Box, { key: reset.reset_id, mb: 3, "data-target": reset.target }, h(UI.HStack, { wrap: "wrap" },
      h("b", null, reset.target), `deleted by ${reset.started_by}, ${moment(reset.reset_at)}`, h(UI.Badge,
      { colorPalette: palette }, outcome)),
      reset.tables.length > 0 && h("details", null, h("summary", { style: { cursor: "pointer" } }, "Content before and after"), h(Grid,
        { label: "Content before and after", rows: reset.tables, columns: [
        ["Table", (row) => row.table_name], ["Rows before", (row) => number(row.rows_before), true], ["Rows after",
          (row) => number(row.rows_after), true],
        ["Sum before", (row) => row.sum_before, true], ["Sum after", (row) => row.sum_after ?? "", true], ["Equal",
          (row) => (row.is_equal == null ? "" : row.is_equal ? "yes" : "no")]] })));
  }));
}
