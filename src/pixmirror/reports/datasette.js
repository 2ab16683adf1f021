// Runs in Datasette's pages of the catalogue: ids, tags and jobs lead to their rows. `views` says which view has what.
const base = location.pathname.match(/^.*?\/catalogue(?=\/|$)/)?.[0];
const address = (view, column, value) => `${base}/${view}?${new URLSearchParams({ [column]: value })}`;
const link = (text, href) => Object.assign(document.createElement("a"), { textContent: text, href });
const workOf = (key) => key && address(key % 2 ? "novels" : "works", "work_key", key);
const columns = {
  work_id: (row) => workOf(row("work_key")),
  work_key: (row) => workOf(row("work_key")),
  user_id: (row) => address("users", "id", row("user_id")),
  tag: (row) => address("work_tags", "tag", row("tag")),
  job: (row) => address("work_jobs", "job", row("job")),
  series_id: (row) => row("series_key") && address(row("series_key") % 2 ? "novels" : "works", "series_key", row("series_key")),
};

function linkRow(tr) {
  const cell = (name) => tr.querySelector(`:scope > td.col-${name}`);
  const row = (name) => cell(name)?.textContent.trim();
  const isUser = location.pathname === `${base}/users`;
  const ofId = isUser ? () => address("users", "id", row("id")) : !cell("work_id") && columns.work_key;
  for (const [name, lead] of Object.entries({ ...columns, id: ofId })) {
    const href = lead && cell(name) && !cell(name).querySelector("a") && row(name) && lead(row);
    if (href) cell(name).replaceChildren(link(row(name), href));
  }
  for (const td of tr.cells) if (/^\d{4}-\d\d-\d\dT/.test(td.textContent)) td.style.whiteSpace = "nowrap";
}

// Below one work or one user: to the rows of other views that are of it.
function linkViews(column, asked) {
  const value = new URLSearchParams(location.search).get(asked);
  const table = document.querySelector("table.rows-and-columns");
  if (!value || !table) return;
  const more = views[column].flatMap((view) => [" ", link(view, address(view, column, value))]);
  const line = document.createElement("p");
  line.append("Of it:", ...more);
  table.closest(".table-wrapper").before(line);
}

// The rows come first; what the columns are is there when it is asked for.
function foldColumns() {
  const described = document.querySelector("dl.column-descriptions");
  const details = document.createElement("details");
  details.append(Object.assign(document.createElement("summary"), { textContent: "What the columns are" }));
  described?.replaceWith(details);
  if (described) details.append(described);
}

if (base) {
  foldColumns();
  document.querySelectorAll("table.rows-and-columns tbody tr").forEach(linkRow);
  if (/\/(works|novels)$/.test(location.pathname)) linkViews("work_key", "work_key");
  if (location.pathname === `${base}/users`) linkViews("user_id", "id");
}
