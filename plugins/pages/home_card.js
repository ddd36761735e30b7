// A card on Airflow's home: what is published, how fresh it is, and the way to the page.
import { ago, day, h, number, ours, RouterLink, State, Trouble, UI, useAnswer } from "./common.js";

function HomeCard() {
  const { data, error } = useAnswer(() => ours("loads"), [], 30_000);
  const last = data?.loads[0];
  return h(UI.Card.Root, { my: 3 }, h(UI.Card.Body, null,
    h(UI.Flex, { gap: 4, wrap: "wrap", align: "center", justify: "space-between" },
      h(UI.Box, null, h(UI.Heading, { as: "h2", size: "md" }, "Austin crime"),
        h(UI.Text, { color: "fg.muted" }, !data ? "…" : data.status.is_empty ? "No data yet." :
          `${number(data.status.report_count)} reports, the newest of ${day(data.status.newest_report_date)}.`),
        last && h(UI.HStack, null, h(State, { state: last.status }),
          h(UI.Text, null, `Last load ${ago(last.finished_at ?? last.started_at)}`))),
      h(UI.Button, { asChild: true, colorPalette: "brand" }, h(RouterLink, { to: "/plugin/pipeline" }, "See the pipeline"))),
    h(Trouble, { error })));
}

globalThis["Austin crime"] = HomeCard;
