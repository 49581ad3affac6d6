// The first page of the console: the endpoints, and a form to call one.
const $ = (id) => document.getElementById(id);
const element = (name, text = "", className = "") => Object.assign(document.createElement(name), { textContent: text, className });

async function api(method, path, body) {
  const reply = await fetch(path, { method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
  const answer = await reply.json();
  if (!reply.ok) throw new Error(answer.error.reason);
  return answer;
}

function bars(embedding) {
  const top = Object.entries(embedding).sort((a, b) => b[1] - a[1]);
  return top.map(([token, weight]) => {
    const row = element("div", "", "token");
    const bar = element("div", "", "bar");
    bar.style.width = `${(100 * weight) / top[0][1]}%`;
    row.append(element("b", token), element("span", weight.toFixed(4)), bar);
    return row;
  });
}

async function list() {
  const { endpoints } = await api("GET", "/_connote/endpoints");
  const chosen = $("endpoint").value || ".elser-2-elastic";
  $("endpoint").replaceChildren(...endpoints.map((e) => Object.assign(element("option", e.inference_id), { value: e.inference_id })));
  $("endpoint").value = chosen;
  $("endpoints").replaceChildren(...endpoints.map((e) => {
    const row = element("tr");
    row.append(...[e.inference_id, e.task_type, e.service, e.model_id ?? e.requested_model, e.device, e.state].map((v) => element("td", v)));
    row.dataset.task = e.task_type;
    return row;
  }));
  tasks = Object.fromEntries(endpoints.map((e) => [e.inference_id, e.task_type]));
  choose();
}

let tasks = {};
const choose = () => { $("query-field").hidden = tasks[$("endpoint").value] !== "rerank"; };
$("endpoint").addEventListener("change", choose);

$("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  const id = $("endpoint").value;
  const body = { input: $("input").value, ...(tasks[id] === "rerank" ? { query: $("query").value } : {}) };
  $("answer").replaceChildren(element("p", "Working… a first call loads the model."));
  try {
    const answer = await api("POST", `/_inference/${encodeURIComponent(id)}?timeout=5m`, body);
    const sparse = answer.sparse_embedding?.[0];
    $("answer").replaceChildren(...(sparse ? bars(sparse.embedding) : [element("pre", JSON.stringify(answer, null, 2))]));
  } catch (error) {
    $("answer").replaceChildren(element("p", error.message, "error"));
  }
  list();
});

list().catch((error) => $("answer").replaceChildren(element("p", error.message, "error")));
