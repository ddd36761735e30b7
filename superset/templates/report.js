// Of a dashboard that is made a report: writes its title and the chosen filters above the charts, and calls back with
// { is_drawn, missing, failed }: whether all charts are drawn, and the titles of those that are not, or show an error.
const done = arguments[0];
const ask = async (path) => {
  const answer = await fetch(`/api/v1/${path}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return (await answer.json()).result ?? null;
};
const chosenFilters = async (dashboard, key) => {
  const answer = await fetch(`/api/v1/dashboard/${dashboard.id}/filter_state/${key}`);
  if (!answer.ok) throw new Error(`filters: ${answer.status}`);
  const chosen = JSON.parse((await answer.json()).value);
  return JSON.parse(dashboard.json_metadata).native_filter_configuration
    .map(({ id, name }) => [name, chosen[id]?.filterState])
    .filter(([, state]) => state?.value && state.value.length !== 0)
    .map(([name, state]) => `${name}: ${state.label ?? [state.value].flat().join(", ")}`);
};
const writeTitle = async () => {
  const content = document.querySelector(".dashboard-content");
  if (!content || document.querySelector(".report-title")) return Boolean(content);
  const dashboard = await ask(`dashboard/${location.pathname.split("/")[3]}`);
  const key = new URLSearchParams(location.search).get("native_filters_key");
  const filters = key ? await chosenFilters(dashboard, key) : [];
  const title = Object.assign(document.createElement("header"), { className: "report-title" });
  title.append(
    Object.assign(document.createElement("h1"), { textContent: dashboard.dashboard_title }),
    Object.assign(document.createElement("p"), { textContent: filters.length ? `Chosen: ${filters.join("; ")}.` : "All reports: no filter is chosen." }),
  );
  content.before(title);
  document.title = dashboard.dashboard_title;
  return true;
};
const state = async () => {
  const isOpen = await writeTitle();
  const charts = [...document.querySelectorAll("[data-test-chart-name]")];
  const named = (some) => some.map((chart) => chart.dataset.testChartName);
  const missing = charts.filter((chart) => chart.querySelector(".loading, [data-test='loading-indicator']") || !chart.querySelector(".slice_container, .ant-alert"));
  const failed = charts.filter((chart) => chart.querySelector(".ant-alert-error"));
  // What moves when it is drawn comes to rest.
  if (isOpen && charts.length && !missing.length) await new Promise((rest) => setTimeout(rest, 2_000));
  return { is_drawn: isOpen && charts.length > 0 && !missing.length, missing: named(missing), failed: named(failed) };
};
state().then(done, (error) => done({ is_drawn: false, missing: [String(error)], failed: [] }));
