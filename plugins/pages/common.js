// What both pages share: Airflow's own React and Chakra UI, requests, formats, and small components.
export const { createElement: h, Fragment, useCallback, useEffect, useMemo, useState } = globalThis.React;
export const UI = globalThis.ChakraUI;
export const { Link: RouterLink, useSearchParams } = globalThis.ReactRouterDOM;

export const DAG = "austin_crime_nightly";
export const RESET_DAG = "austin_crime_reset";
export const url = (path) => new URL(path, document.baseURI).href;
export const query = (values) => new URLSearchParams(Object.entries(values).flatMap(([name, value]) =>
  (Array.isArray(value) ? value : [value]).filter((one) => one !== "" && one != null).map((one) => [name, one]))).toString();

// --- Requests: to our API and to Airflow's; both know the person by Airflow's cookie ---------------------------------------

async function ask(path, method = "GET", body = undefined) {
  const headers = { Accept: "application/json", "X-Austin-Crime": "1", ...(body && { "Content-Type": "application/json" }) };
  const answer = await fetch(url(path), { method, headers, body: body && JSON.stringify(body) }).catch(() => {
    throw new Error("Airflow does not answer. Is it running? This page tries again.");
  });
  if (answer.ok) return answer.json();
  const { detail = answer.statusText } = await answer.json().catch(() => ({})); // a proxy's page is not JSON
  const message = answer.status === 401 ? "You are signed out. Reload the page to sign in." :
    typeof detail === "string" ? detail : JSON.stringify(detail);
  throw Object.assign(new Error(message), { status: answer.status });
}

export const ours = (path, values = {}) => ask(`austin-crime/api/${path}?${query(values)}`);
export const airflow = (path, ...rest) => ask(`api/v2/${path}`, ...rest);
export const startRun = (dag, conf) => airflow(`dags/${dag}/dagRuns`, "POST", { logical_date: null, conf });

const RETRY_MS = 3000;

/** Ask once, and again every so many milliseconds, or as many as a function of the answer says; and after an error of a server.
 *  The last answer stays while the next one is awaited. */
export function useAnswer(request, dependencies, everyMs = 0) {
  const [state, setState] = useState({ data: null, error: null });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let timer, isOver = false, waitMs;
    const run = async () => {
      try {
        const data = await request();
        if (isOver) return;
        setState({ data, error: null });
        waitMs = typeof everyMs === "function" ? everyMs(data) : everyMs;
      } catch (error) {
        if (isOver) return;
        setState((before) => ({ ...before, error }));
        waitMs = error.status < 500 ? 0 : RETRY_MS;
      }
      if (waitMs) timer = setTimeout(run, waitMs);
    };
    run();
    return () => { isOver = true; clearTimeout(timer); };
  }, [...dependencies, turn, typeof everyMs === "function" || everyMs]);
  return { ...state, again: useCallback(() => setTurn((number) => number + 1), []) };
}

// --- Formats: Austin's time, numbers with separators -----------------------------------------------------------------------

const LOCALE = "en-US", ZONE = "America/Chicago";
export const number = (value) => (value == null ? "" : Number(value).toLocaleString(LOCALE));
export const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
/** A date as people write it; one that JavaScript does not know (infinity, years of five digits) as it is. */
const written = (text, date, options) => (Number.isNaN(date.valueOf()) ? text : date.toLocaleString(LOCALE, options));
const DAY = { dateStyle: "medium" }, DAY_AND_TIME = { ...DAY, timeStyle: "short" };
export const moment = (text) => (text ? written(text, new Date(text), { ...DAY_AND_TIME, timeZone: ZONE }) : "");
/** A wall time of Austin, without zone, as the reports have it. */
export const wall = (text) => (text ? written(text, new Date(`${text.slice(0, 19)}Z`), { ...DAY_AND_TIME, timeZone: "UTC" }) : "");
export const day = (text) => (text ? written(text, new Date(`${text}T00:00:00Z`), { ...DAY, timeZone: "UTC" }) : "");
export function bytes(count) {
  if (count < 1e3) return `${count} bytes`;
  return count < 1e6 ? `${number(Math.round(count / 1e3))} kB` : `${number((count / 1e6).toFixed(1))} MB`;
}
export function duration(seconds) {
  if (seconds == null) return "";
  return seconds < 60 ? `${seconds.toFixed(seconds < 10 ? 1 : 0)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
export function ago(text) {
  if (!text) return "";
  const minutes = Math.round((Date.now() - new Date(text)) / 60e3);
  if (minutes < 1) return "just now";
  const [count, unit] = minutes < 90 ? [minutes, "minute"] : minutes < 2880 ? [minutes / 60, "hour"] : [minutes / 1440, "day"];
  return `${plural(Math.round(count), unit)} ago`;
}

// --- Components ------------------------------------------------------------------------------------------------------------

export const STATES = {
  success: ["green", "Done"], published: ["green", "Published"], unchanged: ["teal", "Unchanged"], running: ["blue", "Running"],
  waiting: ["gray", "Waiting"], queued: ["gray", "Queued"], scheduled: ["gray", "Waiting"], up_for_retry: ["orange", "Tries again"],
    up_for_reschedule: ["orange", "Waits for the portal"], awaiting_input: ["orange", "Waits for a decision"],
  skipped: ["gray", "Not needed"], failed: ["red", "Failed"], upstream_failed: ["gray", "Not reached"], blocked: ["orange", "Blocked"],
    abandoned: ["gray", "Abandoned"],
};
export const State = ({ state }) => {
  const [palette, word] = STATES[state] ?? ["gray", state ?? "Waiting"];
  return h(UI.Badge, { colorPalette: palette, variant: "subtle", flexShrink: 0 }, word);
};
export const Notice = ({ status = "info", title, children }) =>
  h(UI.Alert.Root, { status, role: status === "error" ? "alert" : "status", my: 2 }, h(UI.Alert.Indicator), h(UI.Alert.Content, null,
    title && h(UI.Alert.Title, null, title), h(UI.Alert.Description, { overflowWrap: "anywhere" }, children)));
export const Trouble = ({ error }) => error && h(Notice, { status: "error" }, error.message);
export const Section = ({ title, note, children, ...rest }) =>
  h(UI.Box, { as: "section", "aria-label": title, mt: 8, ...rest }, h(UI.Heading, { as: "h2", size: "lg", mb: note ? 1 : 3 }, title),
    note && h(UI.Text, { color: "fg.muted", mb: 3, maxW: "75ch" }, note), children);
/** A button that looks like a link, for what changes this page. */
export const TextButton = ({ children, ...rest }) =>
  h(UI.Button, { variant: "plain", h: "auto", minW: 0, p: 0, color: "fg", fontSize: "inherit", fontWeight: "inherit",
    textDecoration: "underline", ...rest }, children);
export const TextLink = ({ to, children, ...rest }) => h(RouterLink, { to, style: { textDecoration: "underline" }, ...rest }, children);
export const Mono = ({ children, ...rest }) => h(UI.Box, { as: "pre", fontFamily: "mono", fontSize: "xs", whiteSpace: "pre-wrap",
  overflowWrap: "anywhere", ...rest }, children);
export const Page = ({ title, note, error, children }) =>
  h(UI.Box, { as: "main", px: { base: 3, md: 6 }, py: 4, maxW: "1500px", mx: "auto", w: "100%" },
    h(UI.Heading, { as: "h1", size: "2xl" }, title), h(UI.Text, { color: "fg.muted", mb: 3, maxW: "75ch" }, note), h(Trouble,
      { error }), children);

/** A table: columns are [title, cell of a row, is a number]; it scrolls sideways by itself, and with the keyboard. */
export const Grid = ({ label, columns, rows, row: rowProps = () => ({}) }) =>
  h(UI.Box, { overflowX: "auto", tabIndex: 0, role: "region", "aria-label": label },
    h(UI.Table.Root, { size: "sm" },
      h(UI.Table.Header, null, h(UI.Table.Row, null, columns.map(([title, , isNumber], index) =>
        h(UI.Table.ColumnHeader, { key: index, textAlign: isNumber ? "end" : "start", whiteSpace: "nowrap" }, title)))),
      h(UI.Table.Body, null, rows.map((row, index) => h(UI.Table.Row, { key: index, ...rowProps(row) },
        columns.map(([, cell, isNumber], place) =>
          h(UI.Table.Cell, { key: place, textAlign: isNumber ? "end" : "start", verticalAlign: "top" }, cell(row))))))));

/** What is shown on demand. */
export const Fold = ({ title, children, ...rest }) =>
  h(UI.Box, rest, h("details", null, h("summary", { style: { cursor: "pointer" } }, title), children));
export const Small = ({ children }) => h(UI.Text, { fontSize: "xs", color: "fg.muted" }, children);
/** A choice from a list; options are [value, text]. Without a visible label, it is named for screen readers. */
export const Choice = ({ id, label, isLabelHidden = false, value, change, options, ...rest }) => h(Fragment, null,
  !isLabelHidden && h("label", { htmlFor: id }, label),
  h(UI.NativeSelect.Root, { size: "sm", ...rest },
    h(UI.NativeSelect.Field, { id, "aria-label": isLabelHidden ? label : undefined, value, onChange: (event) => change(event.target.value) },
      options.map(([key, text]) => h("option", { key, value: key }, text))),
    h(UI.NativeSelect.Indicator)));

/** Who is signed in, and what they may do; null until it is known. */
export const useMe = () => useAnswer(() => ours("me"), []);
