// The pipeline page as a tab of its DAG; other DAGs point to it.
import { DAG, h, RouterLink, UI } from "./common.js";
import { Pipeline } from "./pipeline.js";

globalThis["See the pipeline"] = ({ dagId }) => dagId === DAG ? h(Pipeline, { isTab: true }) :
  h(UI.Text, { p: 4 }, "This page shows the nightly load: ", h(RouterLink, { to: "/plugin/pipeline" }, "see the pipeline"), ".");
